import { describe, expect, it } from 'vitest';
import { timeAgo, toMillis, toWait } from './times';

const NOW = Date.UTC(2026, 0, 31, 12);
const ago = (seconds: number, locale = 'en') =>
  timeAgo(NOW - seconds * 1000, NOW, locale, 'just now');

describe('timeAgo', () => {
  it.each([
    [-60, 'just now'],
    [0, 'just now'],
    [4.9, 'just now'],
    [5, '5 seconds ago'],
    [59.9, '59 seconds ago'],
    [60, '1 minute ago'],
    [3599, '59 minutes ago'],
    [3600, '1 hour ago'],
    [86_399, '23 hours ago'],
    [86_400, '1 day ago'],
    [40 * 86_400, '40 days ago'],
  ])('says of %d seconds: %s', (seconds, words) => {
    expect(ago(seconds)).toBe(words);
  });

  it('speaks the language asked for', () => {
    expect(ago(180, 'de')).toBe('vor 3 Minuten');
  });
});

describe('toMillis', () => {
  it('takes timestamps and milliseconds', () => {
    expect(toMillis({ toMillis: () => 5 })).toBe(5);
    expect(toMillis(7)).toBe(7);
  });

  it('takes nothing else', () => {
    for (const other of [undefined, null, '2026-01-31', {}, { toMillis: 5 }]) {
      expect(toMillis(other)).toBeUndefined();
    }
  });
});

it.each([
  [1, 'second', 1],
  [90, 'second', 90],
  [91, 'minute', 2],
  [900, 'minute', 15],
])('counts a wait of %d seconds in the unit %s', (seconds, unit, count) => {
  expect(toWait(seconds)).toEqual({ unit, count });
});
