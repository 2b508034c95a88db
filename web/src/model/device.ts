/** A device as its owner sees it, and what it published. */
import type { DocumentData } from 'firebase/firestore';
import { toMillis } from './times';
import type { Json } from './values';

export interface LatestValue {
  event: string;
  value: Json;
  /** Milliseconds. */
  publishedAt: number | undefined;
  /** The value was too long to be kept here whole. */
  truncated: boolean;
}

export interface Device {
  id: string;
  name: string;
  serialNumber: string;
  /** Milliseconds, as all times here. */
  claimedAt: number | undefined;
  /** What the device's last status event said. */
  status: string | undefined;
  statusAt: number | undefined;
  /** Publish time of the last event of any name. */
  lastSeenAt: number | undefined;
  /** How long the device may be silent and still count as online. */
  graceSeconds: number | undefined;
  /** Newest value of each event name, by name. */
  latest: LatestValue[];
}

export interface DeviceEvent {
  id: string;
  event: string;
  value: Json;
  publishedAt: number | undefined;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Events of the platform itself, such as `spark/status`: no values of the device. */
function isSystemEvent(name: string): boolean {
  return name.startsWith('spark/') || name.startsWith('particle/');
}

function toLatest(latest: unknown): LatestValue[] {
  if (typeof latest !== 'object' || latest === null) return [];
  return Object.entries(latest as Record<string, DocumentData>)
    .filter(([event]) => !isSystemEvent(event))
    .map(([event, entry]) => ({
      event,
      value: (entry.value ?? null) as Json,
      publishedAt: toMillis(entry.publishedAt),
      truncated: entry.truncated === true,
    }))
    .sort((a, b) => a.event.localeCompare(b.event));
}

/** From `users/{uid}/devices/{deviceId}`. */
export function toDevice(id: string, data: DocumentData): Device {
  return {
    id,
    name: text(data.name) || text(data.serialNumber) || id,
    serialNumber: text(data.serialNumber),
    claimedAt: toMillis(data.claimedAt),
    status: typeof data.status === 'string' ? data.status : undefined,
    statusAt: toMillis(data.statusAt),
    lastSeenAt: toMillis(data.lastSeenAt),
    graceSeconds: typeof data.graceSeconds === 'number' ? data.graceSeconds : undefined,
    latest: toLatest(data.latest),
  };
}

/** From `users/{uid}/devices/{deviceId}/events/{eventId}`; what could not be parsed is shown as it came. */
export function toDeviceEvent(id: string, data: DocumentData): DeviceEvent {
  return {
    id,
    event: text(data.event),
    value: data.valueError ? text(data.data) : ((data.value ?? null) as Json),
    publishedAt: toMillis(data.publishedAt),
  };
}
