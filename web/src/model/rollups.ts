/**
 * Numeric history as the server counts it: per event name, tenure and UTC day one document, in it
 * per metric and time bucket how many values there were, their sum, the least and the greatest.
 */
import type { DocumentData } from 'firebase/firestore';

export const DAY_MS = 86_400_000;

/** All values of one bucket. */
export interface Bucket {
  /** When it begins, and when it ends: milliseconds. */
  from: number;
  to: number;
  count: number;
  sum: number;
  min: number;
  max: number;
}

/** One UTC day of one event name. */
export interface Rollup {
  /** As in `2026-05-13`. */
  day: string;
  /** By metric, each in the order of time. */
  metrics: Map<string, Bucket[]>;
}

/** The metric of an event whose whole data are one number. */
export const PLAIN = 'value';

/** What `sumHigh` counts: integers too large to be summed in one part. */
const HIGH = 2 ** 32;
const DEFAULT_BUCKET_SECONDS = 300;

/** The UTC day of a time, as in `2026-05-13`. */
export function dayOf(millis: number): string {
  return new Date(millis).toISOString().slice(0, 10);
}

/**
 * Ids of one event name in one tenure sort by day. After a day's rollup come those that single
 * events of many samples have for themselves: the same id, `@` and the event's id.
 */
export function rollupId(event: string, claimEpoch: number, day: string): string {
  return `${encodeURIComponent(event)}@${claimEpoch}@${day}`;
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function toBucket(from: number, length: number, cell: DocumentData): Bucket | undefined {
  const count = number(cell.count);
  const min = number(cell.min);
  const max = number(cell.max);
  if (!count || min === undefined || max === undefined) return undefined;
  const sum = (number(cell.sum) ?? 0) + (number(cell.sumHigh) ?? 0) * HIGH;
  return { from, to: from + length, count, sum, min, max };
}

/** From `users/{uid}/devices/{deviceId}/rollups/{id}`. */
export function toRollup(data: DocumentData): Rollup {
  const day = typeof data.day === 'string' ? data.day : '1970-01-01';
  const midnight = Date.parse(`${day}T00:00:00Z`);
  const length = (number(data.bucketSeconds) ?? DEFAULT_BUCKET_SECONDS) * 1000;
  const metrics = new Map<string, Bucket[]>();
  for (const [name, cells] of Object.entries((data.metrics ?? {}) as DocumentData)) {
    const buckets = Object.entries(cells as Record<string, DocumentData>)
      .map(([index, cell]) => toBucket(midnight + Number(index) * length, length, cell))
      .filter((bucket) => bucket !== undefined)
      .sort((a, b) => a.from - b.from);
    if (buckets.length > 0) metrics.set(name, buckets);
  }
  return { day, metrics };
}

/** The rollups of one day, as one. */
export function together(one: Rollup, other: Rollup): Rollup {
  const metrics = new Map(one.metrics);
  for (const [name, more] of other.metrics) {
    const buckets = new Map((metrics.get(name) ?? []).map((bucket) => [bucket.from, bucket]));
    for (const bucket of more) {
      const there = buckets.get(bucket.from);
      buckets.set(bucket.from, there ? sumOf(there, bucket) : bucket);
    }
    metrics.set(
      name,
      [...buckets.values()].sort((a, b) => a.from - b.from),
    );
  }
  return { day: one.day, metrics };
}

function sumOf(one: Bucket, other: Bucket): Bucket {
  return {
    ...one,
    count: one.count + other.count,
    sum: one.sum + other.sum,
    min: Math.min(one.min, other.min),
    max: Math.max(one.max, other.max),
  };
}

/**
 * The buckets, in the order of time, and the newest value where they do not have it yet: a bucket of
 * its own at the end. So chart, words and table are about the same values.
 */
export function withLive(
  buckets: readonly Bucket[],
  { at, value }: { at: number; value: number },
): readonly Bucket[] {
  const live: Bucket = { from: at, to: at, count: 1, sum: value, min: value, max: value };
  const last = buckets.at(-1);
  if (!last || at >= last.to) return [...buckets, live];
  const isCounted = last.min <= value && value <= last.max;
  if (isCounted || at < last.from) return buckets;
  const before = buckets.slice(0, -1);
  // A chart draws a bucket in the middle of its time, and what is newer behind it.
  return at > (last.from + last.to) / 2 ? [...before, last, live] : [...before, sumOf(last, live)];
}

/** The buckets of a metric that end after `from` and begin before `to`, in the order of time. */
export function bucketsBetween(
  rollups: readonly Rollup[],
  metric: string,
  from: number,
  to: number,
): Bucket[] {
  return rollups
    .toSorted((a, b) => a.day.localeCompare(b.day))
    .flatMap((rollup) => rollup.metrics.get(metric) ?? [])
    .filter((bucket) => bucket.to > from && bucket.from < to);
}

/** Of all values in them together; undefined of none. */
export function summary(
  buckets: readonly Bucket[],
): { count: number; mean: number; min: number; max: number } | undefined {
  if (buckets.length === 0) return undefined;
  let count = 0;
  let sum = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const bucket of buckets) {
    count += bucket.count;
    sum += bucket.sum;
    min = Math.min(min, bucket.min);
    max = Math.max(max, bucket.max);
  }
  return { count, mean: sum / count, min, max };
}
