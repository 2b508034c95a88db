/** In which order names are listed. */
import { speech } from '../messages/i18n';

const collator = new Intl.Collator(speech.locale, { numeric: true });

/** As the reader's language sorts, and numbers by their size: "Device 2" before "Device 10". */
export function byName(one: string, other: string): number {
  // "01" and "1" are one number: their order is always the same, too.
  return collator.compare(one, other) || (one < other ? -1 : Number(one > other));
}
