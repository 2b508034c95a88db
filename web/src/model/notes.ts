/** Why a value is not what the device published, in as many words as a customer needs. */

export type Reason = 'notANumber' | 'large' | 'sameName' | 'bytes' | 'long' | 'asSent';

/** By the server's words. */
const REASONS: ReadonlyMap<string, Reason> = new Map([
  ['not a number', 'notANumber'],
  ['an integer beyond 2^53', 'large'],
  ['a number beyond a double', 'large'],
  ['the same key twice', 'sameName'],
  ['not UTF-8', 'bytes'],
  ['too long', 'long'],
]);

export function reasonOf(why: string): Reason {
  return REASONS.get(why) ?? 'asSent';
}
