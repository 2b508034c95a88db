/** A list of which the newest are followed live and older ones were read a page at a time. */

/** Newest first in each list. */
interface Row {
  readonly id: string;
}

/**
 * What is shown after the live part has changed. What a new one pushes out of the live part stays
 * behind it, as far as `most` rows: a page that stays open must not grow with all that happens. Where
 * nothing of the live part is known, more has happened meanwhile than it holds: what is shown begins
 * anew, rather than with a gap that nobody sees.
 */
export function follow<T extends Row>(shown: readonly T[], live: readonly T[], most: number): T[] {
  const present = new Set(live.map(({ id }) => id));
  if (!shown.some(({ id }) => present.has(id))) return [...live];
  return [...live, ...shown.filter(({ id }) => !present.has(id))].slice(0, most);
}

/** What is shown after an older page has come. */
export function append<T extends Row>(shown: readonly T[], page: readonly T[]): T[] {
  const present = new Set(shown.map(({ id }) => id));
  return [...shown, ...page.filter(({ id }) => !present.has(id))];
}
