import { describe, expect, it } from 'vitest';
import english from '../messages/en.json';
import { reasonOf } from './notes';

describe('reasonOf', () => {
  it.each([
    ['not a number', 'not a number'],
    ['an integer beyond 2^53', 'a very large number, shown with all its digits'],
    ['a list directly in a list', 'shown as it was sent'],
    ['a reason of a later version', 'shown as it was sent'],
    ['constructor', 'shown as it was sent'],
  ])('puts %j as %j', (why, words) => {
    expect(english.common.odd[reasonOf(why)]).toBe(words);
  });
});
