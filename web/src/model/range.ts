/** Which stretch of time a chart shows. */

export const SPANS = ['hour', 'day', 'week', 'month'] as const;
export type Span = (typeof SPANS)[number];

const HOUR_MS = 3_600_000;

export const SPAN_MS: Readonly<Record<Span, number>> = {
  hour: HOUR_MS,
  day: 24 * HOUR_MS,
  week: 7 * 24 * HOUR_MS,
  month: 30 * 24 * HOUR_MS,
};

/** Milliseconds. */
export interface Range {
  from: number;
  to: number;
}

/** No closer than this: two buckets. */
const CLOSEST_MS = 600_000;

/** The last hour, day, week or month. */
export function lastOf(span: Span, now: number): Range {
  return { from: now - SPAN_MS[span], to: now };
}

/** As much of a range as lies in the whole, moved into it where it can be. */
function within(range: Range, whole: Range): Range {
  const length = Math.min(range.to - range.from, whole.to - whole.from);
  const from = Math.min(Math.max(range.from, whole.from), whole.to - length);
  return { from, to: from + length };
}

/** Half or double the length around the middle, never beyond the whole. */
export function zoom(range: Range, whole: Range, factor: number): Range {
  const length = Math.max((range.to - range.from) * factor, CLOSEST_MS);
  const middle = (range.from + range.to) / 2;
  return within({ from: middle - length / 2, to: middle + length / 2 }, whole);
}

/** Earlier (-1) or later (1), by half of what is seen. */
export function shift(range: Range, whole: Range, steps: number): Range {
  const by = ((range.to - range.from) / 2) * steps;
  return within({ from: range.from + by, to: range.to + by }, whole);
}

export function isWhole(range: Range, whole: Range): boolean {
  return range.from <= whole.from && range.to >= whole.to;
}
