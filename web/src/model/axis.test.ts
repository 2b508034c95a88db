import { describe, expect, it } from 'vitest';
import { numberLabels, timeLabels } from './axis';

const ticks = (first: number, increment: number, count: number) =>
  Array.from({ length: count }, (_, index) => first + index * increment);

describe('numberLabels', () => {
  it.each([
    [20.5, 0.05, ['20.50', '20.55', '20.60']],
    [20.5, 0.1, ['20.5', '20.6', '20.7']],
    [2, 0.25, ['2.00', '2.25', '2.50']],
    [2.5, 2.5, ['2.5', '5.0', '7.5']],
    [0, 20, ['0', '20', '40']],
    [1_238_000, 500, ['1,238,000', '1,238,500', '1,239,000']],
    [1e-7, 1e-7, ['0.0000001', '0.0000002', '0.0000003']],
    [-1, 1, ['-1', '0', '1']],
    [0, 5e307, ['0', '5E307', '1E308']],
    [1.1e308, 1e307, ['1.1E308', '1.2E308', '1.3E308']],
    [1e-12, 1e-12, ['1E-12', '2E-12', '3E-12']],
    [-0.1, 0.1, ['-0.1', '0.0', '0.1']],
  ])('from %d by %d', (first, increment, labels) => {
    expect(numberLabels(ticks(first, increment, 3), increment, 'en')).toEqual(labels);
  });

  it('writes as the reader does', () => {
    expect(numberLabels([1000.5], 0.5, 'de')).toEqual(['1.000,5']);
  });
});

describe('timeLabels', () => {
  const midnight = new Date(2026, 10, 18).getTime() / 1000;

  it('has a day at each tick of days', () => {
    expect(timeLabels(ticks(midnight, 86_400, 3), 86_400, 'en-GB')).toEqual([
      '18 Nov',
      '19 Nov',
      '20 Nov',
    ]);
  });

  it('has the day below the first time of each', () => {
    expect(timeLabels(ticks(midnight + 64_800, 21_600, 6), 21_600, 'en-GB')).toEqual([
      '18:00\n18 Nov',
      '00:00\n19 Nov',
      '06:00',
      '12:00',
      '18:00',
      '00:00\n20 Nov',
    ]);
  });

  it('has no two that read the same in any stretch', () => {
    for (const increment of [60, 300, 3600, 21_600, 43_200, 86_400, 432_000]) {
      let day = '';
      const read = timeLabels(ticks(midnight, increment, 8), increment, 'en-GB').map((label) => {
        const [time, own] = label.split('\n');
        day = own ?? day;
        return `${day} ${time}`;
      });
      expect(new Set(read).size).toBe(read.length);
    }
  });
});
