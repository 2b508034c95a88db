/** What devices send: numbers, texts, lists and objects, as text for people. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Enough for a position to the decimetre; more are noise of binary fractions. */
const MAX_FRACTION_DIGITS = 6;

/** Characters. */
const MAX_SHORT_TEXT = 16;

export interface ValueWords {
  yes: string;
  no: string;
  nothing: string;
}

/** One value on one line. */
export function formatValue(value: Json, locale: string, words: ValueWords): string {
  if (value === null) return words.nothing;
  switch (typeof value) {
    case 'boolean':
      return value ? words.yes : words.no;
    case 'number':
      return Number.isFinite(value)
        ? value.toLocaleString(locale, { maximumFractionDigits: MAX_FRACTION_DIGITS })
        : String(value);
    case 'string':
      return value === '' ? words.nothing : value;
    default:
      return JSON.stringify(value);
  }
}

/**
 * The parts of an object, to be shown one below the other; of anything else, none. By name, for the
 * store does not keep their order.
 */
export function partsOf(value: Json): [string, Json][] {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.entries(value).sort(([a], [b]) => a.localeCompare(b))
    : [];
}

/** Whether the value has room beside its name, on a phone too. */
export function isShort(value: Json): boolean {
  if (typeof value === 'string') return value.length <= MAX_SHORT_TEXT;
  return typeof value !== 'object' || value === null;
}
