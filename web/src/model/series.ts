/** Buckets as a chart draws them: columns, with gaps where the device was silent. */
import type { Bucket } from './rollups';

/** Seconds since the epoch, mean, least and greatest; null in a gap. */
export type Series = [
  times: number[],
  means: (number | null)[],
  mins: (number | null)[],
  maxs: (number | null)[],
];

/** A silence of so many times the usual distance between values is drawn as a gap. */
const GAP = 3;

function usualDistance(buckets: readonly Bucket[]): number {
  const distances = buckets
    .slice(1)
    .map((bucket, index) => bucket.from - (buckets[index]?.from ?? 0))
    .sort((a, b) => a - b);
  return distances[Math.floor(distances.length / 2)] ?? Number.POSITIVE_INFINITY;
}

export function toSeries(buckets: readonly Bucket[]): Series {
  const series: Series = [[], [], [], []];
  const add = (at: number, mean: number | null, min: number | null, max: number | null) => {
    series[0].push(at / 1000);
    series[1].push(mean);
    series[2].push(min);
    series[3].push(max);
  };
  const gap = usualDistance(buckets) * GAP;
  let last: Bucket | undefined;
  for (const bucket of buckets) {
    if (last && bucket.from - last.from > gap) add((last.to + bucket.from) / 2, null, null, null);
    const { count, sum, min, max } = bucket;
    add((bucket.from + bucket.to) / 2, sum / count, min, max);
    last = bucket;
  }
  return series;
}
