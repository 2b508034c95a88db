import { expect, test, vi } from 'vitest';
import { byName } from './order';

// Before the imports: the language is chosen when the messages' module is loaded.
vi.hoisted(() => vi.stubGlobal('navigator', { languages: ['en-GB'] }));

test('numbers in names count by their size', () => {
  const names = ['Device 10', 'device 2', 'Device 1', 'Über', 'Zoo', 'Device 01'];
  expect(names.toSorted(byName)).toEqual([
    'Device 01',
    'Device 1',
    'device 2',
    'Device 10',
    'Über',
    'Zoo',
  ]);
  expect(byName('a', 'a')).toBe(0);
});
