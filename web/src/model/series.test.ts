import { describe, expect, it } from 'vitest';
import { toSeries } from './series';

const bucket = (minute: number, sum = 10, count = 2) => ({
  from: minute * 60_000,
  to: (minute + 5) * 60_000,
  count,
  sum,
  min: 4,
  max: 6,
});

describe('toSeries', () => {
  it('draws means in the middle of their time', () => {
    expect(toSeries([bucket(0), bucket(5)])).toEqual([
      [150, 450],
      [5, 5],
      [4, 4],
      [6, 6],
    ]);
  });

  it('leaves a gap where the device was silent for longer than it is used to', () => {
    const [times, means] = toSeries([bucket(0), bucket(5), bucket(10), bucket(60)]);
    expect(times).toHaveLength(5);
    expect(means).toEqual([5, 5, 5, null, 5]);
    expect(toSeries([bucket(0), bucket(60), bucket(120)])[1]).toEqual([5, 5, 5]);
  });
});
