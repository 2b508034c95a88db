/**
 * Whether a device can be reached, as honestly as its traces allow. Nothing tells when a device
 * falls silent, so no stored status is believed longer than the device's time of grace.
 */
import type { Device } from './device';

/** For devices whose own time of grace is not known. */
export const DEFAULT_GRACE_SECONDS = 900;

/**
 * `asleep`: gone as it goes between two measurements, and expected back. `silent`: not heard of for
 * longer than it may be, without having said goodbye.
 */
export type PresenceState = 'online' | 'asleep' | 'offline' | 'silent' | 'unknown';

type Traces = Pick<Device, 'status' | 'statusAt' | 'lastSeenAt' | 'graceSeconds'>;

/**
 * The rule of docs/ingest.md. Whatever a device publishes after an `offline` ends that: the end of an
 * old session may be published long after the new one has begun.
 */
export function presence(device: Traces, now: number): PresenceState {
  const { status, statusAt, lastSeenAt } = device;
  const heard = Math.max(lastSeenAt ?? 0, status === 'online' ? (statusAt ?? 0) : 0);
  if (status === 'offline' && (statusAt ?? 0) >= heard) return 'offline';
  const grace = (device.graceSeconds ?? DEFAULT_GRACE_SECONDS) * 1000;
  if (status === 'asleep' && (statusAt ?? 0) >= heard) {
    return now - (statusAt ?? 0) <= grace ? 'asleep' : 'offline';
  }
  if (heard === 0) return 'unknown';
  return now - heard <= grace ? 'online' : 'silent';
}
