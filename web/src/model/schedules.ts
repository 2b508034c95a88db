/** Schedules of a device: what is called when, and what has become of it. */
import type { DocumentData } from 'firebase/firestore';
import { number, text } from './fields';
import { toMillis } from './times';

export const SCHEDULE_KINDS = ['time', 'sunrise', 'sunset', 'once'] as const;
export type ScheduleKind = (typeof SCHEDULE_KINDS)[number];

/** ISO days of the week. */
export const DAYS = [1, 2, 3, 4, 5, 6, 7] as const;

export interface Schedule {
  id: string;
  name: string;
  enabled: boolean;
  /** Why it was switched off, where nobody did it. */
  disabledReason: string;
  function: string;
  argument: string;
  queue: boolean;
  kind: ScheduleKind;
  timeZone: string;
  /** `HH:MM`. */
  time: string;
  days: number[];
  at: number | undefined;
  latitude: number | undefined;
  longitude: number | undefined;
  offsetMinutes: number;
  /** When it is due next. */
  dueAt: number | undefined;
  last: { dueAt: number | undefined; outcome: string; reason: string } | undefined;
  /** The tenure that it belongs to. */
  claimEpoch: number;
}

/** From `…/devices/{deviceId}/schedules/{id}`. */
export function toSchedule(id: string, data: DocumentData): Schedule {
  const last: DocumentData | undefined = data.last ?? undefined;
  return {
    id,
    name: text(data.name),
    enabled: data.enabled === true,
    disabledReason: text(data.disabledReason),
    function: text(data.function),
    argument: text(data.argument),
    queue: data.whenOffline === 'queue',
    kind: SCHEDULE_KINDS.find((one) => one === data.kind) ?? 'time',
    timeZone: text(data.timeZone),
    time: text(data.time),
    days: Array.isArray(data.days) ? data.days.filter((day) => Number.isInteger(day)) : [],
    at: toMillis(data.at),
    latitude: number(data.latitude),
    longitude: number(data.longitude),
    offsetMinutes: number(data.offsetMinutes) ?? 0,
    dueAt: toMillis(data.dueAt),
    last: last && {
      dueAt: toMillis(last.dueAt),
      outcome: text(last.outcome),
      reason: text(last.reason),
    },
    claimEpoch: number(data.claimEpoch) ?? 0,
  };
}

/** The name of an ISO day of the week. */
export function dayName(day: number, locale: string, length: 'short' | 'long' = 'short'): string {
  // The first of January 2024 was a Monday.
  const date = Date.UTC(2024, 0, day);
  return new Intl.DateTimeFormat(locale, { weekday: length, timeZone: 'UTC' }).format(date);
}

/** Those that are due next come first, and last those that rest. */
export function byDue(a: Schedule, b: Schedule): number {
  return (a.dueAt ?? Infinity) - (b.dueAt ?? Infinity) || a.name.localeCompare(b.name);
}

/** The schedules of a day of the week, by their time; those that follow the sun come where they say. */
export function onDay(schedules: readonly Schedule[], day: number): Schedule[] {
  const rank = ({ kind, time }: Schedule) =>
    kind === 'sunrise' ? '06:00' : kind === 'sunset' ? '18:00' : time;
  return schedules
    .filter(({ enabled, kind, days }) => enabled && kind !== 'once' && days.includes(day))
    .toSorted((a, b) => rank(a).localeCompare(rank(b)));
}
