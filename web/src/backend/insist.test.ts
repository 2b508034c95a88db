import { FirebaseError } from 'firebase/app';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { insist, type Live, PAUSES } from './insist';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A listener that is refused until `open`, and how often it was begun and is listened to. */
function refused() {
  const door = { open: false, begun: 0, listening: 0 };
  const seen: Live<string>[] = [];
  const watch = insist<string>((next, failed) => {
    door.begun += 1;
    door.listening += 1;
    next('copy', true);
    if (door.open) next('news', false);
    else failed(new FirebaseError('permission-denied', 'no'));
    return () => {
      door.listening -= 1;
    };
  });
  return { door, seen, leave: watch((live) => seen.push(live)) };
}

it('tries again after growing pauses, and does not take the copy for an answer', () => {
  const { door, seen } = refused();
  expect(seen.map(({ state }) => state)).toEqual(['shown', 'failed']);
  for (const pause of [...PAUSES, PAUSES.at(-1) ?? 0]) {
    const before = door.begun;
    vi.advanceTimersByTime(pause - 1);
    expect(door.begun).toBe(before);
    vi.advanceTimersByTime(1);
    expect(door.begun).toBe(before + 1);
    expect(seen.at(-1)?.state).toBe('failed');
  }
  door.open = true;
  vi.advanceTimersByTime(PAUSES.at(-1) ?? 0);
  expect(seen.at(-1)).toEqual({ state: 'shown', value: 'news', stale: false });
});

it('tries again at once when it is asked to', () => {
  const { door, seen } = refused();
  door.open = true;
  const failed = seen.at(-1);
  if (failed?.state === 'failed') failed.retry();
  expect(seen.slice(-2)).toEqual([
    { state: 'loading' },
    { state: 'shown', value: 'news', stale: false },
  ]);
  vi.runAllTimers();
  expect(door.begun).toBe(2);
});

it('tries nothing any more when it was left', () => {
  const { door, leave } = refused();
  leave();
  vi.runAllTimers();
  expect(door.begun).toBe(1);
  expect(door.listening).toBe(0);
});
