/** What the server keeps of a customer's doings: commands to devices, and activity. */
import type { DocumentData } from 'firebase/firestore';
import { isReason, type Reason } from '../backend/problems';
import { number, text } from './fields';
import { toMillis } from './times';

export const COMMAND_STATES = [
  'queued',
  'sent',
  'succeeded',
  'failed',
  'expired',
  'cancelled',
  'unknown',
] as const;

export type CommandState = (typeof COMMAND_STATES)[number];

export interface Command {
  id: string;
  function: string;
  argument: string;
  status: CommandState;
  returnValue: number | undefined;
  /** Whether it was cancelled because a newer one took its place. */
  replaced: boolean;
  /** Why it failed. */
  reason: Reason | undefined;
  createdAt: number | undefined;
  /** When it came to an end. */
  finishedAt: number | undefined;
  /** Until when it waits, where it was queued. */
  expiresAt: number | undefined;
}

export interface Activity {
  id: string;
  /** What was done, such as `device-claimed`. */
  action: string;
  at: number | undefined;
  deviceId: string | undefined;
  /** Of the device at that time, or its serial number; empty where the entry has neither. */
  deviceName: string;
  /** What a device was called before. */
  formerName: string;
  /** That was called on the device. */
  function: string;
  /** With whom a device is shared, where the entry names them. */
  guestName: string;
  /** The guest who did it; empty for the customer. */
  by: string;
  /** Whether a schedule did it. */
  scheduled: boolean;
}

/** From `users/{uid}/commands/{commandId}`. */
export function toCommand(id: string, data: DocumentData): Command {
  const status = COMMAND_STATES.find((state) => state === data.status) ?? 'unknown';
  const reason: unknown = data.error?.reason;
  return {
    id,
    function: text(data.function),
    argument: text(data.argument),
    status,
    returnValue: number(data.returnValue),
    replaced: data.replaced === true,
    reason: isReason(reason) ? reason : undefined,
    createdAt: toMillis(data.createdAt),
    finishedAt: toMillis(data.finishedAt),
    expiresAt: toMillis(data.expiresAt),
  };
}

/** Whether its outcome is still to come. */
export function isUnderWay({ status }: Pick<Command, 'status'>): boolean {
  return status === 'queued' || status === 'sent';
}

/** From `users/{uid}/activity/{id}`. */
export function toActivity(id: string, data: DocumentData): Activity {
  return {
    id,
    action: text(data.action),
    at: toMillis(data.at),
    deviceId: text(data.deviceId) || undefined,
    deviceName: text(data.name) || text(data.serialNumber),
    formerName: text(data.formerName),
    function: text(data.function),
    guestName: text(data.guestName),
    scheduled: text(data.scheduleId) !== '' && text(data.function) !== '',
    by:
      text(data.byName) || (data.by && data.by !== 'customer' && data.by !== 'operator' ? '?' : ''),
  };
}
