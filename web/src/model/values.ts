/** What devices send: numbers, texts, lists and objects, as text for people. */
import { plainNumber } from './numbers';
import { byName } from './order';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Enough for a position to the decimetre; more are noise of binary fractions. */
const MAX_FRACTION_DIGITS = 6;

/** Characters. */
const MAX_SHORT_TEXT = 16;
const MAX_TEXT = 1000;

export interface ValueWords {
  yes: string;
  no: string;
  nothing: string;
  /** Of a text in which nothing can be seen. */
  empty: string;
}

/** One value on one line; a very long one is cut, with a mark. */
export function formatValue(value: Json, locale: string, words: ValueWords): string {
  if (value === null) return words.nothing;
  switch (typeof value) {
    case 'boolean':
      return value ? words.yes : words.no;
    case 'number':
      return plainNumber(value, MAX_FRACTION_DIGITS, locale);
    case 'string':
      return value.trim() ? shortened(value) : `“${value}” (${words.empty})`;
    default:
      return shortened(JSON.stringify(value));
  }
}

function shortened(text: string): string {
  if (text.length <= MAX_TEXT) return text;
  // Half of a character that takes two would be shown as a question mark.
  return `${text.slice(0, MAX_TEXT).replace(/[\ud800-\udbff]$/, '')} …`;
}

/** Objects within objects that are taken apart, as far down as the server counts their numbers. */
const DEPTH = 3;

/**
 * The parts of an object, to be shown one below the other, each by its path, as in `loc.lat`; of
 * anything else, none. By name, for the store does not keep their order. Of two with the same path the
 * first one counts.
 */
export function partsOf(value: Json): [string, Json][] {
  const parts = new Map<string, Json>();
  for (const [path, part] of takenApart(value, DEPTH)) {
    if (!parts.has(path)) parts.set(path, part);
  }
  return [...parts].sort(([a], [b]) => byName(a, b));
}

function takenApart(value: Json, depth: number): [string, Json][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([name, part]): [string, Json][] => {
    const inner = depth > 1 ? takenApart(part, depth - 1) : [];
    if (inner.length === 0) return [[name, part]];
    return inner.map(([path, one]) => [`${name}.${path}`, one]);
  });
}

/** Whether the value has room beside its name, on a phone too. */
export function isShort(value: Json): boolean {
  if (typeof value === 'string') return value.length <= MAX_SHORT_TEXT;
  return typeof value !== 'object' || value === null;
}
