/** What devices send: numbers, texts, lists and objects, as text for people. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Enough for a position to the decimetre; more are noise of binary fractions. */
const MAX_FRACTION_DIGITS = 6;

/** Characters. */
const MAX_SHORT_TEXT = 16;
const MAX_TEXT = 1000;

/** How many names lead to a part, as in the metrics that the server counts. */
const MAX_LEVELS = 3;

export interface ValueWords {
  yes: string;
  no: string;
  nothing: string;
}

/** One value on one line; a very long one is cut, with a mark. */
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
      return value === '' ? words.nothing : shortened(value);
    default:
      return shortened(JSON.stringify(value));
  }
}

function shortened(text: string): string {
  if (text.length <= MAX_TEXT) return text;
  // Half of a character that takes two would be shown as a question mark.
  return `${text.slice(0, MAX_TEXT).replace(/[\ud800-\udbff]$/, '')} …`;
}

/**
 * The parts of an object, to be shown one below the other; of anything else, none. Parts of parts
 * have the names that lead to them, as in `loc.lat`. By name, for the store does not keep their
 * order.
 */
export function partsOf(value: Json): [string, Json][] {
  const found = new Map<string, Json>();
  collect(value, [], found);
  return [...found].sort(([a], [b]) => a.localeCompare(b));
}

function collect(value: Json, path: string[], found: Map<string, Json>): void {
  if (!isObject(value)) return;
  for (const [name, part] of Object.entries(value)) {
    const inner = [...path, name];
    if (isObject(part) && inner.length < MAX_LEVELS && Object.keys(part).length > 0) {
      collect(part, inner, found);
    } else {
      const key = inner.join('.');
      if (!found.has(key)) found.set(key, part);
    }
  }
}

function isObject(value: Json): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether the value has room beside its name, on a phone too. */
export function isShort(value: Json): boolean {
  if (typeof value === 'string') return value.length <= MAX_SHORT_TEXT;
  return typeof value !== 'object' || value === null;
}
