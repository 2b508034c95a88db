import { FirebaseError } from 'firebase/app';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { onceMore, PAUSE_MS } from './onceMore';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const refused = new FirebaseError('functions/unauthenticated', 'no');
const failed = new FirebaseError('functions/unavailable', 'no');

it('repeats a call whose token was used too early, once and with a new one', async () => {
  const call = vi.fn().mockRejectedValueOnce(refused).mockResolvedValue('done');
  const renew = vi.fn().mockResolvedValue('token');
  const answer = onceMore(call, renew);
  await vi.advanceTimersByTimeAsync(PAUSE_MS - 1);
  expect([call.mock.calls.length, renew.mock.calls.length]).toEqual([1, 1]);
  await vi.advanceTimersByTimeAsync(1);
  expect(await answer).toBe('done');
});

it('gives up when it is refused again', async () => {
  const call = vi.fn().mockRejectedValue(refused);
  const answer = expect(onceMore(call, vi.fn().mockResolvedValue('token'))).rejects.toBe(refused);
  await vi.advanceTimersByTimeAsync(PAUSE_MS);
  await answer;
  expect(call).toHaveBeenCalledTimes(2);
});

it('repeats nothing when the sign-in is over, when nobody has one, or for another failure', async () => {
  const over = new FirebaseError('auth/user-token-expired', 'over');
  const call = vi.fn().mockRejectedValue(refused);
  await expect(onceMore(call, vi.fn().mockRejectedValue(over))).rejects.toBe(over);
  await expect(onceMore(call, undefined)).rejects.toBe(refused);
  expect(call).toHaveBeenCalledTimes(2);
  const other = vi.fn().mockRejectedValue(failed);
  await expect(onceMore(other, vi.fn())).rejects.toBe(failed);
  expect(other).toHaveBeenCalledTimes(1);
});
