/** One press of a button that makes a device act. */
import type { Reason } from '../backend/problems';

export interface Press {
  deviceId: string;
  function: string;
  argument: string;
  /** Names this press. However often it is sent, the device acts once at most. */
  requestId: string;
  /** Whether the command waits when the device is offline. */
  whenOffline?: 'queue';
  /** Seconds that it waits. */
  expiresIn?: number;
  /** Whether it takes the place of an earlier one to the same function that still waits. */
  coalesce?: boolean;
}

/**
 * `queueSeconds`: how long the command may wait for a device that is offline. The last wish counts:
 * it takes the place of an earlier one.
 */
export function newPress(
  deviceId: string,
  name: string,
  argument: string,
  queueSeconds?: number | undefined,
): Press {
  return {
    deviceId,
    function: name,
    argument,
    requestId: crypto.randomUUID(),
    ...(queueSeconds !== undefined && {
      whenOffline: 'queue',
      expiresIn: queueSeconds,
      coalesce: true,
    }),
  };
}

/**
 * Failures that say nothing of the outcome, which the next answer may tell. All others are the
 * outcome, and the server gives the same answer for the same press ever after.
 */
const OPEN: ReadonlySet<Reason> = new Set<Reason>(['no-answer', 'in-progress', 'unexpected']);

/**
 * Whether sending the same press again can bring its outcome. After any other failure the press is
 * over: another try is another press.
 */
export function canSendAgain(reason: Reason): boolean {
  return OPEN.has(reason);
}
