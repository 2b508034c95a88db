/** Names that people give. The server and the rules hold the same: `shared/api/names.py`, `firestore.rules`. */

/** Control characters, ends of lines, and what changes the direction of a text. */
const HARMFUL = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
const VISIBLE =
  /[^\p{Z}\p{Cc}\p{Cf}\p{Cs}\p{Mn}\p{Me}\u115f\u1160\u2065\u2800\u3164\uffa0\ufff0-\ufff8\u{e0000}-\u{e0fff}]/u;

/** The beginning of a text. An emoji is one character, unlike for `length` and `maxlength`. */
export function beginning(text: string, most: number): string {
  return text.length > most ? [...text].slice(0, most).join('') : text;
}

/** A name as it can be saved; empty where nothing of it could be seen. */
export function asName(typed: string, most: number): string {
  const name = beginning(typed.replace(HARMFUL, '').trim(), most).trim();
  return VISIBLE.test(name) ? name : '';
}

const RIGHT_TO_LEFT =
  /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
/** Marks, embeddings and overrides of direction; isolates are another matter. */
const OVERRIDES = /[\u061c\u200e\u200f\u202a-\u202e]/g;
const FIRST_STRONG_ISOLATE = '\u2068';
const END_OF_ISOLATE = '\u2069';

/**
 * A name as a part of a sentence, whose other words keep their order. Most names need nothing for
 * that; what devices send and what is older than the rule for names may hold anything.
 */
export function isolated(name: string): string {
  let open = 0;
  const parts = [...name.replace(OVERRIDES, '')].filter((character) => {
    if (/[\u2066-\u2068]/.test(character)) open += 1;
    if (character !== END_OF_ISOLATE) return true;
    open -= 1;
    if (open >= 0) return true;
    open = 0;
    return false;
  });
  const text = parts.join('') + END_OF_ISOLATE.repeat(open);
  return RIGHT_TO_LEFT.test(text) ? FIRST_STRONG_ISOLATE + text + END_OF_ISOLATE : text;
}
