import { describe, expect, it } from 'vitest';
import { toAlert, toAlertEntry, toFiring, toNumber } from './alerts';

describe('alerts', () => {
  it('reads a document that has less than it should', () => {
    const alert = toAlert('a', {});
    expect(alert).toMatchObject({ name: '', state: 'normal', enabled: false });
    expect(alert.rule).toEqual({
      kind: 'threshold',
      event: '',
      metric: undefined,
      op: 'above',
      value: 0,
      clear: undefined,
      forSeconds: 0,
    });
    expect(toAlert('a', { kind: 'silence', silentSeconds: 900 }).rule).toEqual({
      kind: 'silence',
      event: undefined,
      silentSeconds: 900,
    });
  });

  it.each([
    [{ from: 'normal', to: 'firing' }, 'fired'],
    [{ from: 'pending', to: 'firing' }, 'fired'],
    [{ from: 'firing', to: 'firing' }, 'reminder'],
    [{ from: 'firing', to: 'normal' }, 'over'],
    [{ from: 'normal', to: 'normal' }, 'was'],
    [{ from: 'firing', to: 'normal', disabledReason: 'flapping' }, 'flapping'],
  ])('says what became of one: %o', (data, what) => {
    expect(toAlertEntry('e', data).what).toBe(what);
  });

  it('shows the gravest that fires', () => {
    expect(toFiring(undefined)).toBeUndefined();
    expect(toFiring({})).toBeUndefined();
    expect(toFiring({ a: 'info', b: 'critical', c: 'warning' })).toEqual({
      count: 3,
      severity: 'critical',
    });
    expect(toFiring({ a: 'constructor' })).toEqual({ count: 1, severity: 'warning' });
  });

  it.each([
    ['28', 28],
    [' 2,5 ', 2.5],
    ['-3.', -3],
    ['−.5', -0.5],
    ['', undefined],
    ['1e3', undefined],
    ['1,000.5', undefined],
    ['warm', undefined],
  ])('reads %j as a number', (typed, number) => {
    expect(toNumber(typed)).toBe(number);
  });
});
