import i18next from 'i18next';
import { describe, expect, it, vi } from 'vitest';
import english from './en.json';
import { loadMessages } from './i18n';
import { chooseSpeech } from './language';

// Before the imports: the language is chosen when the messages' module is loaded.
vi.hoisted(() => vi.stubGlobal('navigator', { languages: ['en-GB'] }));

it('keeps names to their place in a sentence, and writes them as they are', async () => {
  vi.stubGlobal('document', { documentElement: {} });
  await loadMessages();
  const by = (name: string) => i18next.t('sharing.by', { name });
  expect(by('שלום')).toBe('Shared by \u2068שלום\u2069.');
  expect(by('A\u202eB')).toBe('Shared by AB.');
  expect(by('<Ada> & $t(common.on) {{name}}')).toBe('Shared by <Ada> & $t(common.on) {{name}}.');
});

describe('en.json', () => {
  it('speaks of Particle to developers alone', () => {
    const { account, ...others } = english;
    const { developerText, ...rest } = account;
    expect(developerText).toMatch(/Particle/);
    expect(JSON.stringify(Object.values({ ...others, rest }).map(Object.values))).not.toMatch(
      /particle/i,
    );
  });
});

const others = import.meta.glob<object>(['./*.json', '!./en.json'], {
  eager: true,
  import: 'default',
});

/** Each message's path, with the values that it names. */
function messages(tree: object, path = ''): [string, string[]][] {
  return Object.entries(tree).flatMap(([key, value]: [string, unknown]) =>
    typeof value === 'string'
      ? [[path + key, (value.match(/\{\{\w+\}\}/g) ?? []).sort()] as [string, string[]]]
      : messages(value as object, `${path}${key}.`),
  );
}

describe.each(Object.entries(others))('%s', (_, own) => {
  it('says everything that English says, with the same values in it', () => {
    const sorted = (tree: object) => messages(tree).sort(([a], [b]) => a.localeCompare(b));
    expect(sorted(own)).toEqual(sorted(english));
  });
});

describe('chooseSpeech', () => {
  it.each([
    [['de-AT', 'en'], { language: 'de', locale: 'de-AT' }],
    [['fr', 'en-GB'], { language: 'en', locale: 'en-GB' }],
    [['fr'], { language: 'en', locale: 'en' }],
    [[], { language: 'en', locale: 'en' }],
  ])('serves readers of %j', (preferred, speech) => {
    expect(chooseSpeech(['en', 'de'], preferred)).toEqual(speech);
  });
});
