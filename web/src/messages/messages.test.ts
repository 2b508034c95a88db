import { describe, expect, it } from 'vitest';
import { CLIENT_REASONS, SERVER_REASONS } from '../backend/problems';
import english from './en.json';
import { chooseSpeech } from './language';

describe('en.json', () => {
  it('has words for every reason, and for no other', () => {
    expect(Object.keys(english.errors).sort()).toEqual(
      [...SERVER_REASONS, ...CLIENT_REASONS].sort(),
    );
  });

  it('speaks of Particle to developers alone', () => {
    const { account, ...others } = english;
    const { developerText, ...rest } = account;
    expect(developerText).toMatch(/Particle/);
    expect(JSON.stringify(Object.values({ ...others, rest }).map(Object.values))).not.toMatch(
      /particle/i,
    );
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
