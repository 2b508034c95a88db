import { describe, expect, it } from 'vitest';
import { bucketsOf, firings } from './preview';
import type { Bucket } from './rollups';

const LENGTH = 300_000;

function buckets(...values: [number, number][]): Bucket[] {
  return values.map(([min, max], n) => ({
    from: n * LENGTH,
    to: (n + 1) * LENGTH,
    count: 2,
    sum: min + max,
    min,
    max,
  }));
}

const WARM = { op: 'above', value: 8, clear: undefined, forSeconds: 0 } as const;

describe('a preview', () => {
  it('counts each time that a value is beyond the limit', () => {
    expect(firings(buckets([1, 2], [7, 9], [9, 10], [3, 4], [8, 9]), WARM)).toBe(3);
    expect(firings(buckets([1, 2], [9, 9], [9, 10], [3, 4], [9, 9]), WARM)).toBe(2);
    expect(firings(buckets([8, 8]), WARM)).toBe(0);
    expect(firings([], WARM)).toBe(0);
  });

  it('waits for the value to come back far enough', () => {
    const all = buckets([9, 9], [7, 7], [9, 9], [5, 5], [9, 9]);
    expect(firings(all, { ...WARM, clear: 6 })).toBe(2);
  });

  it('counts only what lasts', () => {
    const all = buckets([9, 9], [9, 9], [1, 1], [9, 9], [9, 9], [9, 9]);
    expect(firings(all, { ...WARM, forSeconds: 900 })).toBe(1);
    expect(firings(all, { ...WARM, forSeconds: 600 })).toBe(2);
    expect(firings(buckets([9, 9], [1, 9], [9, 9]), { ...WARM, forSeconds: 900 })).toBe(0);
  });

  it('looks below as it looks above', () => {
    const cold = { op: 'below', value: 5, clear: 6, forSeconds: 0 } as const;
    expect(firings(buckets([4, 7], [4.5, 5.5], [6, 7], [1, 2]), cold)).toBe(3);
  });

  it('takes a metric of all days', () => {
    const [one] = buckets([1, 2]);
    if (!one) throw new Error('no bucket');
    const day = { day: '2026-05-01', metrics: new Map([['t', [one]]]) };
    const plain = { day: '2026-05-02', metrics: new Map([['value', [one]]]) };
    expect(bucketsOf([day, plain], 't')).toEqual([one]);
    expect(bucketsOf([day, plain], undefined)).toEqual([one]);
  });
});
