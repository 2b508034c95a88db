import { expect, it } from 'vitest';
import { numberText } from './numbers';

it.each([
  [21.7, { unit: '°C', digits: 1 }, 'en', '21.7\u00a0°C'],
  [21, { unit: '°C', digits: 1 }, 'de', '21,0\u00a0°C'],
  [0.12345, {}, 'en', '0.123'],
  [1240, { unit: 'l', digits: 0 }, 'en', '1,240\u00a0l'],
  [48.1374, { unit: '°', digits: 5 }, 'en', '48.13740°'],
  [71, { unit: '%', digits: 0 }, 'en', '71%'],
  [71, { unit: '%', digits: 0 }, 'de', '71\u00a0%'],
])('writes %d with %j for %s', (value, measure, locale, text) => {
  expect(numberText(value, measure, locale)).toBe(text);
});
