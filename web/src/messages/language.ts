/** Which of the app's languages to speak, and with which region's numbers and dates. */

export interface Speech {
  /** Name of a message file. */
  language: string;
  /** BCP 47, for numbers and dates. */
  locale: string;
}

/** The first language of the reader's list that the app has; else the first that the app has. */
export function chooseSpeech(available: readonly string[], preferred: readonly string[]): Speech {
  for (const locale of preferred) {
    const language = available.find((name) => name === locale.split('-')[0]?.toLowerCase());
    if (language) return { language, locale };
  }
  const [fallback = 'en'] = available;
  return { language: fallback, locale: fallback };
}
