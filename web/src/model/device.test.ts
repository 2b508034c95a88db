import { describe, expect, it, vi } from 'vitest';
import { toDevice, toDeviceEvent } from './device';

// Before the imports: the language is chosen when the messages' module is loaded.
vi.hoisted(() => vi.stubGlobal('navigator', { languages: ['en-GB'] }));

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
      access: { role: 'owner', ownerUid: '', ownerName: '', expiresAt: undefined },
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
        { event: 'log', value: 'long', publishedAt: 5, truncated: true, notes: [] },
        { event: 'temperature', value: 21.5, publishedAt: 4, truncated: false, notes: [] },
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

  it('shows as it was published what could not be read', () => {
    const latest = { t: { value: null, valueError: 'not a number', data: 'nan' } };
    expect(toDevice('abc', { latest }).latest).toMatchObject([
      { value: 'nan', notes: [{ path: '', why: 'not a number' }] },
    ]);
  });
});

describe('toDeviceEvent', () => {
  it('shows the parsed value', () => {
    const event = { event: 'on', data: 'false', value: false, publishedAt: at(1) };
    expect(toDeviceEvent('e', event)).toEqual({
      id: 'e',
      event: 'on',
      value: false,
      notes: [],
      publishedAt: 1,
    });
  });

  it('shows as it came what could not be parsed', () => {
    const event = { event: 't', data: 'nan', value: null, valueError: 'not a number' };
    expect(toDeviceEvent('e', event)).toMatchObject({
      value: 'nan',
      notes: [{ path: '', why: 'not a number' }],
    });
  });

  it('says which parts are not as they were published', () => {
    const note = { path: 'm.0', why: 'a list directly in a list' };
    const event = { event: 't', value: { m: ['[1]'], t: 1 }, valueNotes: [note] };
    expect(toDeviceEvent('e', event).notes).toEqual([note]);
    expect(toDeviceEvent('e', { ...event, valueNotes: 'odd' }).notes).toEqual([]);
  });
});
