import { expect, it } from 'vitest';
import { toCsv } from './csv';

it('quotes what needs it and keeps texts from being formulas', () => {
  expect(
    toCsv(
      ['time', 'a, b'],
      [
        ['2026-05-13T00:00:00Z', -1.5],
        ['say "x"\n', '=1+1'],
      ],
      'en',
    ),
  ).toBe('\ufefftime,"a, b"\r\n2026-05-13T00:00:00Z,-1.5\r\n"say ""x""\n",\'=1+1\r\n');
});

it('writes numbers as the reader’s spreadsheet does, without the noise of binary fractions', () => {
  const rows = [['°C; mean', 20.5, 0.1 + 0.2]];
  expect(toCsv(['a', 'b', 'c'], rows, 'de-AT')).toBe('\ufeffa;b;c\r\n"°C; mean";20,5;0,3\r\n');
  expect(toCsv(['a', 'b', 'c'], rows, 'en')).toBe('\ufeffa,b,c\r\n"°C; mean",20.5,0.3\r\n');
});
