import { expect, it } from 'vitest';
import { numberText } from './numbers';

it.each([
  [21.7, { unit: '°C', digits: 1 }, 'en', '21.7\u00a0°C'],
  [21, { unit: '°C', digits: 1 }, 'de', '21,0\u00a0°C'],
  [0.12345, {}, 'en', '0.123'],
  [0.00012345, {}, 'en', '0.000123'],
  [1.2e-8, {}, 'en', '1.2E-8'],
  [1.2e-8, { unit: 'A' }, 'de', '1,2E-8\u00a0A'],
  [-0.04, { unit: '°C', digits: 1 }, 'en', '0.0\u00a0°C'],
  [-0.05, { unit: '°C', digits: 1 }, 'en', '-0.1\u00a0°C'],
  [-0.04, {}, 'en', '-0.04'],
  [-0, {}, 'en', '0'],
  [-0, { unit: 'l' }, 'en', '0\u00a0l'],
  [1e308, {}, 'en', '1E308'],
  [1e308, { unit: 'l', digits: 2 }, 'en', '1E308\u00a0l'],
  [-1e308, { unit: '%', digits: 0 }, 'en', '-1E308%'],
  [2 ** 60, {}, 'en', '1152921504606846976'],
  [1e20, {}, 'de', '100000000000000000000'],
  [12345678, {}, 'en', '12345678'],
  [Number.NaN, {}, 'en', 'NaN'],
  [Number.POSITIVE_INFINITY, {}, 'en', 'Infinity'],
  [1240, { unit: 'l', digits: 0 }, 'en', '1,240\u00a0l'],
  [48.1374, { unit: '°', digits: 5 }, 'en', '48.13740°'],
  [71, { unit: '%', digits: 0 }, 'en', '71%'],
  [71, { unit: '%', digits: 0 }, 'de', '71\u00a0%'],
])('writes %d with %j for %s', (value, measure, locale, text) => {
  expect(numberText(value, measure, locale)).toBe(text);
});
