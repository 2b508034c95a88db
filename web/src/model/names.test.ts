import { expect, test } from 'vitest';
import { asName, beginning, isolated } from './names';

const FAMILY = '👨‍👩‍👧';

test.each([
  ['Ada', 'Ada'],
  ['  Ada  ', 'Ada'],
  ['Ada\u202e\t', 'Ada'],
  ['שלום', 'שלום'],
  [FAMILY, FAMILY],
  ['  ', ''],
  ['\u200b\ufeff', ''],
  ['\u3164\u2800', ''],
])('the name in %j', (typed, name) => {
  expect(asName(typed, 200)).toBe(name);
});

test('characters are counted, not the halves of an emoji', () => {
  const emoji = '😀'.repeat(200);
  expect(asName(emoji, 200)).toBe(emoji);
  expect(asName(`${emoji}x`, 200)).toBe(emoji);
  expect(beginning('abc', 2)).toBe('ab');
});

test.each([
  ['Ada', 'Ada'],
  [`${FAMILY} 2`, `${FAMILY} 2`],
  ['שלום', '\u2068שלום\u2069'],
  // Already in a sentence of its own.
  ['\u2068שלום\u2069 · A', '\u2068\u2068שלום\u2069 · A\u2069'],
  ['gpj\u202eevil', 'gpjevil'],
  ['\u2069out', 'out'],
  ['\u2067in', '\u2067in\u2069'],
])('%j in a sentence', (name, shown) => {
  expect(isolated(name)).toBe(shown);
});
