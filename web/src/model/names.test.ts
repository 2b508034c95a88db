import { expect, test } from 'vitest';
import { asName, beginning } from './names';

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
