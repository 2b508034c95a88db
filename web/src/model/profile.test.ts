import { expect, it } from 'vitest';
import { standingOf, toProfile } from './profile';

it.each([
  [{}, 'pending'],
  [{ particle: {} }, 'pending'],
  [{ particle: { status: 'pending' } }, 'pending'],
  [{ particle: { status: 'ready' } }, 'ready'],
  [{ particle: { status: 'error', reason: 'particle-unavailable' } }, 'error'],
])('takes %j as %s', (data, status) => {
  expect(toProfile({ displayName: 'Ada', ...data })).toEqual({ displayName: 'Ada', status });
});

it.each([
  [{ state: 'loading' }, undefined],
  [{ state: 'shown', stale: true, value: undefined }, undefined],
  [{ state: 'shown', stale: false, value: undefined }, 'pending'],
  [{ state: 'shown', stale: true, value: { displayName: '', status: 'ready' } }, 'ready'],
  [{ state: 'failed', problem: { reason: 'account-closed' }, retry: () => undefined }, 'error'],
] as const)('of %j the account is %s', (profile, standing) => {
  expect(standingOf(profile)).toBe(standing);
});
