import { expect, it } from 'vitest';
import { toActivity, toCommand } from './records';

it('an activity is about a device, a function and people', () => {
  const by = { by: 'guest', byName: 'Grace' };
  const called = { action: 'function-called', deviceId: 'abc', function: 'set_mode', ...by };
  expect(toActivity('a', called)).toEqual({
    id: 'a',
    action: 'function-called',
    at: undefined,
    deviceId: 'abc',
    deviceName: '',
    formerName: '',
    function: 'set_mode',
    guestName: '',
    scheduled: false,
    by: 'Grace',
  });
  const renamed = { action: 'device-renamed', name: 'Attic', formerName: 'Cellar' };
  expect(toActivity('b', renamed)).toMatchObject({ deviceName: 'Attic', formerName: 'Cellar' });
  expect(toActivity('c', { by: 'customer', serialNumber: 'TH-1' })).toMatchObject({
    deviceName: 'TH-1',
    by: '',
  });
});

it.each([
  [{ status: 'cancelled', replaced: true }, 'cancelled', true],
  [{ status: 'cancelled' }, 'cancelled', false],
  [{ status: 'constructor' }, 'unknown', false],
])('a command of %j', (data, status, replaced) => {
  expect(toCommand('a', data)).toMatchObject({ status, replaced });
});
