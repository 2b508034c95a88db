/** What stands at the axes of a chart: different words at each tick, as exact as the ticks are apart. */

const DAY_SECONDS = 86_400;
const MOST_DIGITS = 12;
/** Beyond these, zeros would have to be counted. */
const SMALL = 1e-9;
const LARGE = 1e15;

/** Fraction digits that tell two ticks of this distance apart. */
function digitsOf(increment: number): number {
  for (let digits = 0; digits < MOST_DIGITS; digits++) {
    const scaled = increment * 10 ** digits;
    // Quarters are exact in binary, tenths are not.
    if (Math.abs(scaled - Math.round(scaled)) < 1e-6 * scaled) return digits;
  }
  return MOST_DIGITS;
}

/** Digits of a number that is so many times as large as its last digit counts. */
function significantOf(times: number): number {
  return Math.max(1, Math.ceil(Math.log10(times)) + 2);
}

/** Numbers without their unit, which stands once above the axis. */
export function numberLabels(
  ticks: readonly number[],
  increment: number,
  locale: string,
): string[] {
  const digits = digitsOf(increment);
  const largest = Math.max(...ticks.map(Math.abs));
  const format = new Intl.NumberFormat(
    locale,
    largest >= LARGE || increment < SMALL
      ? {
          notation: 'scientific',
          // So that two neighbours differ.
          maximumSignificantDigits: Math.min(MOST_DIGITS, significantOf(largest / increment)),
        }
      : { minimumFractionDigits: digits, maximumFractionDigits: digits },
  );
  // Rounding may leave a zero below zero.
  return ticks.map((tick) =>
    format.format(Math.abs(tick) < increment / 2 ? 0 : tick).replace(/^0E0$/, '0'),
  );
}

/**
 * Days, or times of day with the day below the first one of each. In the zone of this machine; ticks
 * and their distance in seconds.
 */
export function timeLabels(ticks: readonly number[], increment: number, locale: string): string[] {
  const day = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' });
  if (increment >= DAY_SECONDS) return ticks.map((tick) => day.format(tick * 1000));
  const time = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' });
  let before = '';
  return ticks.map((tick) => {
    const own = day.format(tick * 1000);
    const label = time.format(tick * 1000);
    if (own === before) return label;
    before = own;
    return `${label}\n${own}`;
  });
}
