import { describe, expect, it } from 'vitest';
import { bucketsBetween, dayOf, rollupId, summary, together, toRollup, withLive } from './rollups';

const midnight = Date.parse('2026-05-13T00:00:00Z');
const stored = {
  event: 'flow',
  claimEpoch: 2,
  day: '2026-05-13',
  bucketSeconds: 300,
  metrics: {
    rate: {
      '287': { count: 1, sum: 4, min: 4, max: 4 },
      '2': { count: 2, sum: 30, min: 10, max: 20 },
    },
    litres: { '2': { count: 1, sum: 5, sumHigh: 3, min: 7, max: 7 } },
    broken: { '2': { count: 0, sum: 0 } },
  },
};

describe('rollups', () => {
  it('have ids that sort by day and hold any event name', () => {
    expect(rollupId('a/b c', 3, '2026-05-13')).toBe('a%2Fb%20c@3@2026-05-13');
    expect(dayOf(midnight - 1)).toBe('2026-05-12');
  });

  it('are read in the order of time, without what holds no value', () => {
    const { metrics } = toRollup(stored);
    expect([...metrics.keys()]).toEqual(['rate', 'litres']);
    expect(metrics.get('rate')?.map(({ from, to }) => [from - midnight, to - midnight])).toEqual([
      [600_000, 900_000],
      [86_100_000, 86_400_000],
    ]);
    expect(metrics.get('litres')?.[0]?.sum).toBe(5 + 3 * 2 ** 32);
    expect([...metrics.keys()].sort()).toEqual(['litres', 'rate']);
  });

  it('are cut to what is asked for', () => {
    const next = { ...stored, day: '2026-05-14' };
    const both = [toRollup(next), toRollup(stored)];
    expect(bucketsBetween(both, 'rate', midnight + 900_000, midnight + 90_000_000)).toHaveLength(2);
    expect(bucketsBetween(both, 'rate', midnight, midnight + 600_001)).toHaveLength(1);
    expect(bucketsBetween(both, 'none', 0, Number.MAX_VALUE)).toEqual([]);
  });

  it('are one for each day, with those that events have for themselves', () => {
    const own = {
      ...stored,
      metrics: {
        rate: {
          '2': { count: 1, sum: 1, min: 1, max: 1 },
          '0': { count: 1, sum: 7, min: 7, max: 7 },
        },
        more: { '9': { count: 1, sum: 2, min: 2, max: 2 } },
      },
    };
    const day = together(toRollup(stored), toRollup(own));
    expect(
      day.metrics
        .get('rate')
        ?.map(({ from, count, sum, min, max }) => [
          (from - midnight) / 300_000,
          count,
          sum,
          min,
          max,
        ]),
    ).toEqual([
      [0, 1, 7, 7, 7],
      [2, 3, 31, 1, 20],
      [287, 1, 4, 4, 4],
    ]);
    expect([...day.metrics.keys()].sort()).toEqual(['litres', 'more', 'rate']);
    expect(toRollup(stored).metrics.get('rate')).toHaveLength(2);
  });

  it('are summed up by value, not by bucket', () => {
    const buckets = bucketsBetween([toRollup(stored)], 'rate', 0, Number.MAX_VALUE);
    expect(summary(buckets)).toEqual({ count: 3, mean: 34 / 3, min: 4, max: 20 });
    expect(summary([])).toBeUndefined();
  });

  it('go on with the newest value, counted once', () => {
    const last = { from: 300, to: 600, count: 2, sum: 10, min: 4, max: 6 };
    const first = { ...last, from: 0, to: 300 };
    const live = (at: number, value: number) => withLive([first, last], { at, value });
    const alone = (at: number) => ({ from: at, to: at, count: 1, sum: 7, min: 7, max: 7 });
    expect(live(600, 7)).toEqual([first, last, alone(600)]);
    expect(live(500, 7)).toEqual([first, last, alone(500)]);
    // Between two that are drawn there is no place.
    expect(live(400, 7)).toEqual([first, { ...last, count: 3, sum: 17, max: 7 }]);
    expect(live(500, 5)).toEqual([first, last]);
    expect(live(100, 7)).toEqual([first, last]);
    expect(withLive([], { at: 1, value: 7 })).toEqual([alone(1)]);
    expect(summary(live(500, 7))).toEqual({ count: 5, mean: 27 / 5, min: 4, max: 7 });
  });
});
