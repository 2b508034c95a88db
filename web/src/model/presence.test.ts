import { describe, expect, it } from 'vitest';
import { DEFAULT_GRACE_SECONDS, presence } from './presence';

const NOW = 1_000_000_000;
const none = {
  status: undefined,
  statusAt: undefined,
  lastSeenAt: undefined,
  graceSeconds: undefined,
};

describe('presence', () => {
  it('is unknown without any trace', () => {
    expect(presence(none, NOW)).toBe('unknown');
  });

  it('is online within the grace of the last event, and silent after it', () => {
    const device = { ...none, lastSeenAt: NOW - 60_000, graceSeconds: 60 };
    expect(presence(device, NOW)).toBe('online');
    expect(presence(device, NOW + 1)).toBe('silent');
  });

  it('has a grace for devices that bring none', () => {
    const device = { ...none, lastSeenAt: NOW };
    expect(presence(device, NOW + DEFAULT_GRACE_SECONDS * 1000)).toBe('online');
    expect(presence(device, NOW + DEFAULT_GRACE_SECONDS * 1000 + 1)).toBe('silent');
  });

  it('does not believe an old online status', () => {
    const device = { ...none, status: 'online', statusAt: NOW - 61_000, graceSeconds: 60 };
    expect(presence(device, NOW)).toBe('silent');
    expect(presence({ ...device, statusAt: NOW - 59_000 }, NOW)).toBe('online');
  });

  it('is offline when the device said so last', () => {
    const device = { ...none, status: 'offline', statusAt: NOW - 1000, lastSeenAt: NOW - 1000 };
    expect(presence(device, NOW)).toBe('offline');
  });

  it('is online again when an event came after the goodbye', () => {
    const device = { ...none, status: 'offline', statusAt: NOW - 1000, lastSeenAt: NOW - 500 };
    expect(presence(device, NOW)).toBe('online');
  });

  it('is not offline for the late end of an old session', () => {
    const device = { ...none, status: 'offline', statusAt: NOW, graceSeconds: 60 };
    expect(presence({ ...device, lastSeenAt: NOW - 20_000 }, NOW)).toBe('offline');
    const publishing = { ...device, lastSeenAt: NOW + 5000 };
    expect(presence(publishing, NOW + 65_000)).toBe('online');
    expect(presence(publishing, NOW + 65_001)).toBe('silent');
  });

  it('is asleep until it should be back', () => {
    const device = { ...none, status: 'asleep', statusAt: NOW - 60_000, graceSeconds: 60 };
    expect(presence(device, NOW)).toBe('asleep');
    expect(presence(device, NOW + 1)).toBe('offline');
    expect(presence({ ...device, lastSeenAt: NOW - 59_000 }, NOW)).toBe('online');
  });
});
