/** Times as the store holds them, and as people read them. */

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** Milliseconds from a Firestore timestamp or a number of milliseconds; undefined from anything else. */
export function toMillis(time: unknown): number | undefined {
  if (typeof time === 'number') return time;
  if (typeof time === 'object' && time !== null && 'toMillis' in time) {
    return typeof time.toMillis === 'function' ? Number(time.toMillis()) : undefined;
  }
  return undefined;
}

/** "3 minutes ago"; `justNow` under five seconds, and for clocks that are ahead. */
export function timeAgo(millis: number, now: number, locale: string, justNow: string): string {
  const seconds = Math.floor((now - millis) / 1000);
  if (seconds < 5) return justNow;
  const [unit, size] = UNITS.find(([, length]) => seconds >= length) ?? ['second', 1];
  return new Intl.RelativeTimeFormat(locale, { numeric: 'always' }).format(
    -Math.floor(seconds / size),
    unit,
  );
}

/** Date and time of day, in the reader's own zone. */
export function dateAndTime(millis: number, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(
    millis,
  );
}

/** Day of the month and time of day, where the year is plain. */
export function dayAndTime(millis: number, locale: string): string {
  return new Intl.DateTimeFormat(locale, {
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
  }).format(millis);
}

/** Time of day; with the date when that is not today's. */
export function shortTime(millis: number, now: number, locale: string): string {
  const today = new Date(millis).toDateString() === new Date(now).toDateString();
  return new Intl.DateTimeFormat(locale, {
    ...(today ? {} : { dateStyle: 'short' }),
    timeStyle: 'medium',
  }).format(millis);
}

/** From here on people count in minutes. */
const LONG_WAIT_SECONDS = 90;

/** How long there is to wait, in the unit that people count it in; rather too long than too short. */
export function toWait(seconds: number): { unit: 'second' | 'minute'; count: number } {
  return seconds > LONG_WAIT_SECONDS
    ? { unit: 'minute', count: Math.ceil(seconds / 60) }
    : { unit: 'second', count: seconds };
}
