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
