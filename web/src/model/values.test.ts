import { describe, expect, it, vi } from 'vitest';
import { formatValue, isShort, type Json, partsOf } from './values';

// Before the imports: the language is chosen when the messages' module is loaded.
vi.hoisted(() => vi.stubGlobal('navigator', { languages: ['en-GB'] }));

const words = { yes: 'yes', no: 'no', nothing: 'no value', empty: 'empty' };

describe('formatValue', () => {
  it.each([
    [48.13741264, 'en', '48.137413'],
    [0.1 + 0.2, 'en', '0.3'],
    // It may be the id of something.
    [35_299_104, 'en', '35299104'],
    [1234.5, 'de', '1234,5'],
    [1.2e-8, 'en', '1.2E-8'],
    [0.00001234567, 'en', '0.0000123'],
    [-0.04, 'en', '-0.04'],
    [1e308, 'en', '1E308'],
    [2 ** 60, 'en', '1152921504606846976'],
    [0, 'en', '0'],
    [Number.NaN, 'en', 'NaN'],
    [Number.POSITIVE_INFINITY, 'en', 'Infinity'],
    [true, 'en', 'yes'],
    [false, 'en', 'no'],
    [null, 'en', 'no value'],
    ['', 'en', '“” (empty)'],
    [' ', 'en', '“ ” (empty)'],
    ['0', 'en', '0'],
    [[1, 'a'], 'en', '[1,"a"]'],
    [{ a: { b: 1 } }, 'en', '{"a":{"b":1}}'],
  ])('shows %j in %s as %s', (value, locale, shown) => {
    expect(formatValue(value, locale, words)).toBe(shown);
  });

  it('cuts what is very long, with a mark', () => {
    const shown = (value: Json) => formatValue(value, 'en', words);
    expect(shown('x'.repeat(1000))).toBe('x'.repeat(1000));
    expect(shown('x'.repeat(1001))).toBe(`${'x'.repeat(1000)} …`);
    expect(shown(`${'x'.repeat(999)}😀`)).toBe(`${'x'.repeat(999)} …`);
    expect(shown(Array(600).fill(1))).toBe(`[${'1,'.repeat(499)}1 …`);
  });
});

describe('partsOf', () => {
  it('takes an object apart, by name, and nothing else', () => {
    expect(partsOf({ t: 1, h: null })).toEqual([
      ['h', null],
      ['t', 1],
    ]);
    expect(partsOf([1, 2])).toEqual([]);
    expect(partsOf(null)).toEqual([]);
    expect(partsOf('text')).toEqual([]);
  });

  it('names what is inside objects by its path, down to the third level', () => {
    const loc = { cmd: 'loc', loc: { lat: 48.1, lon: 11.5 }, trig: ['time'] };
    expect(partsOf(loc)).toEqual([
      ['cmd', 'loc'],
      ['loc.lat', 48.1],
      ['loc.lon', 11.5],
      ['trig', ['time']],
    ]);
    expect(partsOf({ a: { b: { c: { d: 1 } } }, e: {} })).toEqual([
      ['a.b.c', { d: 1 }],
      ['e', {}],
    ]);
  });

  it('takes the first of two with the same path', () => {
    expect(partsOf({ 'a.b': 1, a: { b: 2 } })).toEqual([['a.b', 1]]);
  });
});

describe('isShort', () => {
  it.each([1.5, true, null, '', 'sixteen letters.'])('takes %j', (value) => {
    expect(isShort(value)).toBe(true);
  });
  it.each(['seventeen letters', [1], { a: 1 }])('refuses %j', (value) => {
    expect(isShort(value)).toBe(false);
  });
});
