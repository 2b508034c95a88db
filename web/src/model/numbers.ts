/** Numbers with their units, for people. */

const MAX_FRACTION_DIGITS = 3;
/** Between a number and its unit no line is broken. */
const SPACE = '\u00a0';

interface Measure {
  readonly unit?: string | undefined;
  /** Fraction digits, always so many; without it, as many as it has, three at most. */
  readonly digits?: number | undefined;
}

export function numberText(value: number, { unit, digits }: Measure, locale: string): string {
  const fraction = {
    minimumFractionDigits: digits ?? 0,
    maximumFractionDigits: digits ?? MAX_FRACTION_DIGITS,
  };
  if (unit === '%') {
    // Some languages set a space before it, others do not.
    return value.toLocaleString(locale, { ...fraction, style: 'unit', unit: 'percent' });
  }
  const number = value.toLocaleString(locale, fraction);
  if (!unit) return number;
  // The sign for degrees of an angle alone follows the number at once.
  return unit === '°' ? number + unit : number + SPACE + unit;
}
