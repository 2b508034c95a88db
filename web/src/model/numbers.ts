/** Numbers with their units, for people. */

/** Of a number that says nothing about how exact it is. */
const MEASURE_DIGITS = 3;
/** However many zeros come first, so many digits follow them. */
const LEAST_SIGNIFICANT = 3;
/** More than that, and most are noise of binary fractions. */
const MOST_SIGNIFICANT = 9;
/** Beyond these, zeros would have to be counted. */
const SMALL = 1e-6;
const LARGE = 1e21;
/** Between a number and its unit no line is broken. */
const SPACE = '\u00a0';

interface Measure {
  readonly unit?: string | undefined;
  /** Fraction digits, always so many; without it, as many as it has, three or what is significant. */
  readonly digits?: number | undefined;
}

/** Zero as the rounding leaves it, which has no sign. */
function rounded(value: number, digits: number): number {
  return Math.abs(value) < 0.5 * 10 ** -digits ? 0 : value;
}

/**
 * As many fraction digits as a number has, `fraction` at most; of a small one as many as are
 * significant. Integers have all their digits.
 */
function significant(value: number, fraction: number): Intl.NumberFormatOptions {
  const size = Math.abs(value);
  if (size >= LARGE || (size < SMALL && size > 0)) {
    return { notation: 'scientific', maximumSignificantDigits: MOST_SIGNIFICANT };
  }
  return size < 10 ** (LEAST_SIGNIFICANT - 1 - fraction)
    ? { maximumSignificantDigits: LEAST_SIGNIFICANT }
    : { maximumFractionDigits: fraction };
}

/** A number of which nothing is known: it may be the id of something, so nothing parts its digits. */
export function plainNumber(value: number, fraction: number, locale: string): string {
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) < LARGE) {
    // What is kept of it; of numbers only the leading digits would be shown.
    return BigInt(value).toLocaleString(locale, { useGrouping: false });
  }
  // Of zero, too, there is one alone.
  const format = { useGrouping: false, ...significant(value, fraction) };
  return (value === 0 ? 0 : value).toLocaleString(locale, format);
}

export function numberText(value: number, { unit, digits }: Measure, locale: string): string {
  if (!unit && digits === undefined) return plainNumber(value, MEASURE_DIGITS, locale);
  const fixed = digits !== undefined && Math.abs(value) < LARGE;
  const shown = fixed ? rounded(value, digits) : value === 0 ? 0 : value;
  const format = fixed
    ? { minimumFractionDigits: digits, maximumFractionDigits: digits }
    : significant(value, MEASURE_DIGITS);
  if (unit === '%') {
    // Some languages set a space before it, others do not.
    return shown.toLocaleString(locale, { ...format, style: 'unit', unit: 'percent' });
  }
  const number = shown.toLocaleString(locale, format);
  if (!unit) return number;
  // The sign for degrees of an angle alone follows the number at once.
  return unit === '°' ? number + unit : number + SPACE + unit;
}
