/** How often an alert would have fired, by the history that rollups keep. */
import { type Bucket, PLAIN, type Rollup } from './rollups';

export interface Limit {
  op: 'above' | 'below';
  value: number;
  clear: number | undefined;
  forSeconds: number;
}

/**
 * How often it would have begun to fire. A bucket knows the least and the greatest of its values and
 * not their order: one that is broken in part counts as broken at first, and then as over.
 */
export function firings(buckets: readonly Bucket[], limit: Limit): number {
  const { op, value, clear = value, forSeconds } = limit;
  let count = 0;
  let firing = false;
  let pendingSince: number | undefined;
  for (const { from, to, min, max } of buckets) {
    const broken = op === 'above' ? max > value : min < value;
    const whole = op === 'above' ? min > value : max < value;
    const over = op === 'above' ? min <= clear : max >= clear;
    if (!firing && broken) {
      pendingSince ??= from;
      if (to - pendingSince >= forSeconds * 1000) {
        firing = true;
        count += 1;
      }
    }
    if (firing && over) firing = false;
    if (firing || !whole) pendingSince = undefined;
  }
  return count;
}

/** The buckets of a metric, over all days. */
export function bucketsOf(rollups: readonly Rollup[], metric: string | undefined): Bucket[] {
  return rollups.flatMap(({ metrics }) => metrics.get(metric ?? PLAIN) ?? []);
}
