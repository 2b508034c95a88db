import { expect, it } from 'vitest';
import { toProfile } from './profile';

it.each([
  [{}, 'pending'],
  [{ particle: {} }, 'pending'],
  [{ particle: { status: 'pending' } }, 'pending'],
  [{ particle: { status: 'ready' } }, 'ready'],
  [{ particle: { status: 'error', reason: 'particle-unavailable' } }, 'error'],
])('takes %j as %s', (data, status) => {
  expect(toProfile({ displayName: 'Ada', ...data })).toEqual({ displayName: 'Ada', status });
});
