/**
 * The app's words. `en.json` is complete and says which messages there are; `<language>.json` beside
 * it is used for readers of that language, and what it lacks is read from English.
 */
import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { isolated } from '../model/names';
import { theme } from '../theme/theme';
import english from './en.json';
import { chooseSpeech } from './language';

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: typeof english };
  }
}

const others = import.meta.glob<Partial<typeof english>>(['./*.json', '!./en.json'], {
  import: 'default',
});

const available = ['en', ...Object.keys(others).map((path) => path.slice(2, -'.json'.length))];

/** Chosen once, from the browser's settings. */
export const speech = chooseSpeech(available, navigator.languages);

/** Before anything is shown. */
export async function loadMessages(): Promise<void> {
  const { language } = speech;
  const own = await others[`./${language}.json`]?.();
  document.documentElement.lang = language;
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: 'en',
    resources: {
      en: { translation: english },
      ...(own && { [language]: { translation: own } }),
    },
    interpolation: {
      // React escapes what it shows; here, names keep to their place in the sentence.
      escapeValue: true,
      escape: isolated,
      defaultVariables: { product: theme.name },
    },
  });
  for (const [name, texts] of Object.entries(theme.texts)) {
    i18next.addResourceBundle(name, 'translation', texts, true, true);
  }
}
