/** What the server keeps of a customer's doings: commands to devices, and activity. */
import type { DocumentData } from 'firebase/firestore';
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
  /** Why it failed, as the functions' reasons. */
  reason: string | undefined;
  createdAt: number | undefined;
  finishedAt: number | undefined;
}

export interface Activity {
  id: string;
  /** What was done, such as `device-claimed`. */
  action: string;
  at: number | undefined;
  deviceId: string | undefined;
  /** What it was about: a function's or a device's name. */
  subject: string;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** From `users/{uid}/commands/{commandId}`. */
export function toCommand(id: string, data: DocumentData): Command {
  const status = COMMAND_STATES.find((state) => state === data.status) ?? 'unknown';
  return {
    id,
    function: text(data.function),
    argument: text(data.argument),
    status,
    returnValue: typeof data.returnValue === 'number' ? data.returnValue : undefined,
    reason: text(data.error?.reason) || undefined,
    createdAt: toMillis(data.createdAt),
    finishedAt: toMillis(data.finishedAt),
  };
}

/** Whether nothing can happen to it any more. */
export function isOver({ status }: Pick<Command, 'status'>): boolean {
  return status !== 'queued' && status !== 'sent';
}

/** From `users/{uid}/activity/{id}`. */
export function toActivity(id: string, data: DocumentData): Activity {
  return {
    id,
    action: text(data.action),
    at: toMillis(data.at),
    deviceId: text(data.deviceId) || undefined,
    subject: text(data.function) || text(data.name) || text(data.serialNumber),
  };
}
