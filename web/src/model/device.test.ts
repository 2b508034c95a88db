import { describe, expect, it } from 'vitest';
import { toDevice, toDeviceEvent } from './device';

const at = (millis: number) => ({ toMillis: () => millis });

describe('toDevice', () => {
  it('reads what the server writes', () => {
    const device = toDevice('abc', {
      name: 'Kitchen',
      serialNumber: 'TH-1',
      claimedAt: at(1),
      status: 'online',
      statusAt: 2,
      lastSeenAt: 3,
      graceSeconds: 60,
      productId: 1319,
      platformId: 13,
      claimEpoch: 2,
      firmwareVersion: 7,
      battery: { charge: 81.5, state: 'charging', at: at(4) },
      signal: { technology: 'LTE', strength: 60, quality: null, at: at(4) },
      latest: {
        temperature: { value: 21.5, publishedAt: at(4) },
        log: { value: 'long', publishedAt: at(5), truncated: true },
        'spark/status': { value: 'online', publishedAt: at(6) },
      },
    });
    expect(device).toEqual({
      id: 'abc',
      name: 'Kitchen',
      serialNumber: 'TH-1',
      claimedAt: 1,
      status: 'online',
      statusAt: 2,
      lastSeenAt: 3,
      graceSeconds: 60,
      productId: 1319,
      platformId: 13,
      claimEpoch: 2,
      firmwareVersion: 7,
      battery: { charge: 81.5, state: 'charging' },
      signal: { technology: 'LTE', strength: 60 },
      latest: [
        { event: 'log', value: 'long', publishedAt: 5, truncated: true },
        { event: 'temperature', value: 21.5, publishedAt: 4, truncated: false },
      ],
    });
  });

  it('names a device without a name by its serial number, else by its id', () => {
    expect(toDevice('abc', { serialNumber: 'TH-1' }).name).toBe('TH-1');
    expect(toDevice('abc', {}).name).toBe('abc');
  });

  it('has no values where there are none', () => {
    expect(toDevice('abc', { latest: null }).latest).toEqual([]);
  });
});

describe('toDeviceEvent', () => {
  it('shows the parsed value', () => {
    const event = { event: 'on', data: 'false', value: false, publishedAt: at(1) };
    expect(toDeviceEvent('e', event)).toEqual({
      id: 'e',
      event: 'on',
      value: false,
      publishedAt: 1,
    });
  });

  it('shows as it came what could not be parsed', () => {
    const event = { event: 'gps', data: '{"lat":', value: null, valueError: 'json' };
    expect(toDeviceEvent('e', event).value).toBe('{"lat":');
  });
});
