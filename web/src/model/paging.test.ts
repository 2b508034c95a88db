import { describe, expect, it } from 'vitest';
import { append, follow } from './paging';

const rows = (...ids: string[]) => ids.map((id) => ({ id }));

describe('follow', () => {
  it('keeps behind the live part what was pushed out of it, and takes what came', () => {
    expect(follow(rows('d', 'c', 'b', 'a'), rows('e', 'd'), 9)).toEqual(
      rows('e', 'd', 'c', 'b', 'a'),
    );
  });

  it('takes the newer state of what is live', () => {
    const queued = [{ id: 'a', status: 'queued' }];
    expect(follow(queued, [{ id: 'a', status: 'sent' }], 9)).toEqual([{ id: 'a', status: 'sent' }]);
  });

  it('does not grow', () => {
    let shown = rows('0');
    for (let number = 1; number < 1000; number += 1) {
      shown = follow(shown, rows(`${number}`, `${number - 1}`), 5);
    }
    expect(shown).toEqual(rows('999', '998', '997', '996', '995'));
  });

  it('begins anew where there would be a gap', () => {
    expect(follow(rows('b', 'a'), rows('y', 'x'), 9)).toEqual(rows('y', 'x'));
  });
});

describe('append', () => {
  it('puts a page at the end, each row once', () => {
    expect(append(rows('c', 'b'), rows('b', 'a'))).toEqual(rows('c', 'b', 'a'));
  });
});
