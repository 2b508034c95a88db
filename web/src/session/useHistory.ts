import { useEffect, useState } from 'react';
import { type Course, readRollups } from '../backend/history';
import { type Problem, toProblem } from '../backend/problems';
import { lastOf, type Range, type Span } from '../model/range';
import type { Rollup } from '../model/rollups';

/** As often as the server begins a new bucket. */
const REFRESH_MS = 300_000;

export type History =
  | { state: 'loading' }
  | { state: 'shown'; whole: Range; rollups: Rollup[] }
  | { state: 'failed'; problem: Problem; again: () => void };

/**
 * The rollups of the last hour, day, week or month; read again when a new bucket has begun, a
 * connection is back, or somebody comes back to a page that has missed one of these.
 */
export function useHistory({ uid, deviceId, event, claimEpoch }: Course, span: Span): History {
  const [history, setHistory] = useState<History>({ state: 'loading' });
  useEffect(() => {
    let left = false;
    let due = true;
    const read = async () => {
      due = true;
      // A page that nobody sees costs nothing.
      if (document.visibilityState === 'hidden') return;
      due = false;
      const whole = lastOf(span, Date.now());
      const course = { uid, deviceId, event, claimEpoch };
      const reached: History = await readRollups(course, whole.from, whole.to, whole.to).then(
        (rollups) => ({ state: 'shown', whole, rollups }),
        (error: unknown) => ({ state: 'failed', problem: toProblem(error), again }),
      );
      if (!left) setHistory(reached);
    };
    const again = () => {
      setHistory({ state: 'loading' });
      void read();
    };
    const come = () => {
      if (due) void read();
    };
    again();
    const timer = setInterval(read, REFRESH_MS);
    window.addEventListener('online', read);
    document.addEventListener('visibilitychange', come);
    return () => {
      left = true;
      clearInterval(timer);
      window.removeEventListener('online', read);
      document.removeEventListener('visibilitychange', come);
    };
  }, [uid, deviceId, event, claimEpoch, span]);
  return history;
}
