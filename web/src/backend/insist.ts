/** Follows again what Firestore has refused to be followed: a listener that has failed is over. */
import type { Unsubscribe } from 'firebase/firestore';
import { type Problem, toProblem } from './problems';

/** `stale`: from this machine's memory, while the connection is away. */
export type Live<T> =
  | { state: 'loading' }
  | { state: 'shown'; value: T; stale: boolean }
  | { state: 'failed'; problem: Problem; retry: () => void };

export type Watch<T> = (next: (live: Live<T>) => void) => Unsubscribe;

type Listen<T> = (
  next: (value: T, stale: boolean) => void,
  failed: (error: unknown) => void,
) => Unsubscribe;

/** Milliseconds before each new try; the last one stays. */
export const PAUSES = [5_000, 15_000, 60_000, 300_000] as const;

/** Begins to listen anew after a failure, after growing pauses and when somebody asks for it. */
export function insist<T>(listen: Listen<T>): Watch<T> {
  return (next) => {
    let failures = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let end: Unsubscribe = () => undefined;
    const begin = () => {
      end = listen(
        (value, stale) => {
          // Before it is refused again, the browser's copy comes: no news.
          if (failures > 0 && stale) return;
          failures = 0;
          next({ state: 'shown', value, stale });
        },
        (error) => {
          timer = setTimeout(begin, PAUSES[Math.min(failures, PAUSES.length - 1)]);
          failures += 1;
          next({ state: 'failed', problem: toProblem(error), retry });
        },
      );
    };
    const leave = () => {
      clearTimeout(timer);
      end();
    };
    const retry = () => {
      leave();
      next({ state: 'loading' });
      begin();
    };
    begin();
    return leave;
  };
}
