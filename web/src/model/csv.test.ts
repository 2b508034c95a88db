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
    ),
  ).toBe('time,"a, b"\r\n2026-05-13T00:00:00Z,-1.5\r\n"say ""x""\n",\'=1+1\r\n');
});
