/** Repeats a call that was refused for its sign-in, with a new token: nothing has happened yet. */
import { toProblem } from './problems';

/**
 * The clocks of Google's servers may differ: what made the token may be ahead of what reads it, by
 * more than the server forgives.
 */
export const PAUSE_MS = 3_000;

/** `renew` fetches a new token. It throws when the sign-in is over, and the SDK signs out then. */
export async function onceMore<T>(
  call: () => Promise<T>,
  renew: (() => Promise<unknown>) | undefined,
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!renew || toProblem(error).reason !== 'sign-in-required') throw error;
    await renew();
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    return await call();
  }
}
