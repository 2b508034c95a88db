/** A device as its owner sees it, and what it published. */
import type { DocumentData } from 'firebase/firestore';
import { type Severity, toFiring } from './alerts';
import { number, text } from './fields';
import { byName } from './order';
import { type Access, owned } from './shares';
import { toMillis } from './times';
import type { Json } from './values';

/** Where a value is not what the device published, and the server's reason. */
export interface Note {
  /** The names that lead to the part, joined with `.`; empty for the whole value. */
  path: string;
  why: string;
}

export interface LatestValue {
  event: string;
  value: Json;
  /** Milliseconds. */
  publishedAt: number | undefined;
  /** The value was too long to be kept here whole. */
  truncated: boolean;
  notes: Note[];
}

/** From the device's own vitals, where it has them. */
export interface Battery {
  /** Per cent. */
  charge: number;
  state: string;
}

export interface Signal {
  /** Per cent. */
  strength: number;
  technology: string;
}

export interface Device {
  id: string;
  /** What the customer may do with it, and below whose account it is. */
  access: Access;
  name: string;
  serialNumber: string;
  productId: number | undefined;
  /** Particle's number for the hardware. */
  platformId: number | undefined;
  /** Counts the claims of the device: a tenure's number. */
  claimEpoch: number;
  /** Milliseconds, as all times here. */
  claimedAt: number | undefined;
  /** What the device's last status event said. */
  status: string | undefined;
  statusAt: number | undefined;
  /** Publish time of the last event of any name. */
  lastSeenAt: number | undefined;
  /** How long the device may be silent and still count as online. */
  graceSeconds: number | undefined;
  battery: Battery | undefined;
  signal: Signal | undefined;
  firmwareVersion: number | undefined;
  /** Until when its schedules rest. */
  schedulesPausedUntil: number | undefined;
  /** The gravest of the alerts that fire, and how many fire. */
  firing: { count: number; severity: Severity } | undefined;
  /** Newest value of each event name, by name. */
  latest: LatestValue[];
}

export interface DeviceEvent {
  id: string;
  event: string;
  value: Json;
  notes: Note[];
  publishedAt: number | undefined;
}

function toBattery(data: DocumentData | undefined): Battery | undefined {
  const charge = number(data?.charge);
  return charge === undefined ? undefined : { charge, state: text(data?.state) };
}

function toSignal(data: DocumentData | undefined): Signal | undefined {
  const strength = number(data?.strength);
  return strength === undefined ? undefined : { strength, technology: text(data?.technology) };
}

/** Events of the platform itself, such as `spark/status`: no values of the device. */
function isSystemEvent(name: string): boolean {
  return name.startsWith('spark/') || name.startsWith('particle/');
}

/** From the fields `valueError` and `valueNotes` beside a value. */
function toNotes({ valueError, valueNotes }: DocumentData): Note[] {
  const parts = Array.isArray(valueNotes) ? (valueNotes as DocumentData[]) : [];
  const notes = parts.map(({ path, why }) => ({ path: text(path), why: text(why) }));
  return valueError ? [{ path: '', why: text(valueError) }, ...notes] : notes;
}

function toLatest(latest: unknown): LatestValue[] {
  if (typeof latest !== 'object' || latest === null) return [];
  return Object.entries(latest as Record<string, DocumentData>)
    .filter(([event]) => !isSystemEvent(event))
    .map(([event, entry]) => ({
      event,
      // What could not be read is shown as it was published.
      value: (entry.value ?? (entry.valueError ? entry.data : null) ?? null) as Json,
      publishedAt: toMillis(entry.publishedAt),
      truncated: entry.truncated === true,
      notes: toNotes(entry),
    }))
    .sort((a, b) => byName(a.event, b.event));
}

/** From `users/{uid}/devices/{deviceId}`. */
export function toDevice(id: string, data: DocumentData, access: Access = owned('')): Device {
  return {
    id,
    access,
    name: text(data.name) || text(data.serialNumber) || id,
    serialNumber: text(data.serialNumber),
    productId: number(data.productId),
    platformId: number(data.platformId),
    claimEpoch: number(data.claimEpoch) ?? 0,
    claimedAt: toMillis(data.claimedAt),
    status: typeof data.status === 'string' ? data.status : undefined,
    statusAt: toMillis(data.statusAt),
    lastSeenAt: toMillis(data.lastSeenAt),
    graceSeconds: number(data.graceSeconds),
    battery: toBattery(data.battery),
    signal: toSignal(data.signal),
    firmwareVersion: number(data.firmwareVersion),
    schedulesPausedUntil: toMillis(data.schedulesPausedUntil),
    firing: toFiring(data.firing),
    latest: toLatest(data.latest),
  };
}

/** From `users/{uid}/devices/{deviceId}/events/{eventId}`; what could not be read is shown as it came. */
export function toDeviceEvent(id: string, data: DocumentData): DeviceEvent {
  return {
    id,
    event: text(data.event),
    value: data.valueError ? text(data.data) : ((data.value ?? null) as Json),
    notes: toNotes(data),
    publishedAt: toMillis(data.publishedAt),
  };
}
