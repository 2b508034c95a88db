import { describe, expect, it } from 'vitest';
import { isWhole, lastOf, shift, zoom } from './range';

const whole = lastOf('day', 86_400_000);

describe('zoom', () => {
  it('halves and doubles around the middle', () => {
    const half = zoom(whole, whole, 0.5);
    expect(half).toEqual({ from: 21_600_000, to: 64_800_000 });
    expect(isWhole(half, whole)).toBe(false);
    expect(zoom(half, whole, 2)).toEqual(whole);
  });

  it('never leaves the whole, nor gets closer than the data are', () => {
    const late = { from: 80_000_000, to: 86_400_000 };
    expect(zoom(late, whole, 2).to).toBe(86_400_000);
    expect(isWhole(zoom(late, whole, 100), whole)).toBe(true);
    const close = zoom(late, whole, 0.000_001);
    expect(close.to - close.from).toBe(600_000);
  });
});

describe('shift', () => {
  it('goes by half of what is seen, and stops at the ends', () => {
    const part = { from: 40_000_000, to: 50_000_000 };
    expect(shift(part, whole, 1)).toEqual({ from: 45_000_000, to: 55_000_000 });
    expect(shift(part, whole, -100)).toEqual({ from: 0, to: 10_000_000 });
    expect(shift(whole, whole, 1)).toEqual(whole);
  });
});
