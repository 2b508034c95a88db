/** The callable functions, with the shapes of their requests and answers. Times are ISO 8601 UTC. */
import {
  connectFunctionsEmulator,
  type Functions,
  getFunctions,
  httpsCallable,
} from 'firebase/functions';
import type { AlertState, Limit, Op, Severity } from '../model/alerts';
import type { QuietHours } from '../model/notifications';
import type { Press } from '../model/press';
import type { CommandState } from '../model/records';
import type { ScheduleKind } from '../model/schedules';
import type { Role } from '../model/shares';
import type { Json } from '../model/values';
import { backend } from './app';
import { functionsRegion, isDemo } from './config';
import { onceMore } from './onceMore';

/** Longer than the server waits for a device (30 s) and for a cold start before it. */
const TIMEOUT_MS = 90_000;

let functions: Functions | undefined;

function connectedFunctions(): Functions {
  if (!functions) {
    const { app, emulators } = backend();
    functions = getFunctions(app, functionsRegion);
    if (isDemo && emulators) {
      connectFunctionsEmulator(functions, location.hostname, emulators.functions);
    }
  }
  return functions;
}

function callable<Request, Answer>(name: string): (request: Request) => Promise<Answer> {
  return async (request) => {
    const call = httpsCallable<Request, Answer>(connectedFunctions(), name, {
      timeout: TIMEOUT_MS,
    });
    const { currentUser } = backend().auth;
    return onceMore(
      async () => (await call(request)).data,
      // Whether the sign-in is over, only the next token tells: without one the SDK signs out.
      currentUser ? () => currentUser.getIdToken(true) : undefined,
    );
  };
}

export interface ClaimedDevice {
  deviceId: string;
  name: string;
  serialNumber: string;
  claimedAt: string;
}

export const claimDevice = callable<
  { serialNumber: string; setupCode?: string; name?: string },
  ClaimedDevice
>('claim_device');

export interface CommandAnswer {
  commandId: string;
  status: CommandState;
  /** What the device's function returned: a 32-bit integer. */
  returnValue?: number | null;
}

/** The same `requestId` never reaches the device twice. */
export const invokeFunction = callable<Press, CommandAnswer>('invoke_function');

/** Only a command that is still queued can be cancelled; answers what it is by now. */
export const cancelCommand = callable<{ commandId: string; deviceId: string }, CommandAnswer>(
  'cancel_command',
);

export const renameDevice = callable<
  { deviceId: string; name: string },
  { deviceId: string; name: string }
>('rename_device');

export const releaseDevice = callable<
  { deviceId: string; keepHistory: boolean },
  { deviceId: string; releasedAt: string }
>('release_device');

export const readVariable = callable<
  { deviceId: string; variable: string },
  { value: Json; readAt: string }
>('read_variable');

export interface NewInvitation {
  invitationId: string;
  /** With the token behind `#`; it is nowhere else. */
  link: string;
  mailed: boolean;
  expiresAt: string;
}

export const shareDevice = callable<
  { deviceId: string; role: Role; email?: string; expiresAt?: string },
  NewInvitation
>('share_device');

export const cancelInvitation = callable<
  { deviceId: string; invitationId: string },
  Record<string, never>
>('cancel_invitation');

export const acceptInvitation = callable<
  { token: string },
  { deviceId: string; ownerUid: string; role: Role; expiresAt: string | null }
>('accept_invitation');

export const changeShare = callable<
  { deviceId: string; uid: string; role?: Role; expiresAt?: string; noEnd?: boolean },
  { uid: string; role: Role; expiresAt: string | null }
>('change_share');

/** Without `uid` the customer leaves another's device. */
export const endShare = callable<{ deviceId: string; uid?: string }, { endedAt: string }>(
  'end_share',
);

export const offerTransfer = callable<
  { deviceId: string; email?: string },
  { transferId: string; link: string; expiresAt: string }
>('offer_transfer');

export const cancelTransfer = callable<{ deviceId: string }, Record<string, never>>(
  'cancel_transfer',
);

export const acceptTransfer = callable<{ token: string }, ClaimedDevice>('accept_transfer');

/** Everything of an alert is given, whether it is new or not. */
export type WantedAlert = {
  deviceId: string;
  alertId?: string;
  name: string;
  severity: Severity;
  enabled: boolean;
  /** Of a critical one: how often it is reported again; 0 for never. */
  remindHours?: number;
} & (
  | {
      kind: 'threshold';
      event: string;
      metric?: string;
      op: Op;
      value: Limit;
      clear?: number;
      forSeconds: number;
    }
  | { kind: 'silence'; event?: string; silentSeconds: number }
);

export const saveAlert = callable<WantedAlert, { alertId: string; state: AlertState }>(
  'save_alert',
);

export const deleteAlert = callable<{ deviceId: string; alertId: string }, Record<string, never>>(
  'delete_alert',
);

/** Nobody is reminded of it any more. */
export const acknowledgeAlert = callable<
  { deviceId: string; alertId: string },
  { acknowledgedAt: string }
>('acknowledge_alert');

/** Everything of a schedule is given, whether it is new or not. */
export interface WantedSchedule {
  deviceId: string;
  scheduleId?: string;
  name: string;
  enabled: boolean;
  function: string;
  argument: string;
  kind: ScheduleKind;
  timeZone: string;
  time?: string;
  days?: number[];
  at?: string;
  latitude?: number;
  longitude?: number;
  offsetMinutes?: number;
  whenOffline: 'fail' | 'queue';
}

export const saveSchedule = callable<WantedSchedule, { scheduleId: string; dueAt: string | null }>(
  'save_schedule',
);

export const deleteSchedule = callable<
  { deviceId: string; scheduleId: string },
  Record<string, never>
>('delete_schedule');

/** Without `until` they rest no longer. */
export const pauseSchedules = callable<
  { deviceId: string; until?: string },
  { pausedUntil: string | null }
>('pause_schedules');

export const saveNotifications = callable<
  {
    email?: boolean;
    devices?: Record<string, boolean>;
    quietHours?: QuietHours;
    noQuietHours?: boolean;
  },
  unknown
>('save_notifications');

/** The secret is answered for a new one, and after a rotation. */
export const saveWebhook = callable<
  { webhookId?: string; url: string; enabled: boolean; rotate?: boolean },
  { webhookId: string; secret?: string | null }
>('save_webhook');

export const deleteWebhook = callable<{ webhookId: string }, Record<string, never>>(
  'delete_webhook',
);

/** Posts a test message; answers with the status of the receiver's answer, if there was one. */
export const testWebhook = callable<{ webhookId: string }, { status?: number | null }>(
  'test_webhook',
);

export interface CustomerToken {
  accessToken: string;
  expiresAt: string;
  customerId: string;
}

export const mintToken = callable<Record<string, never>, CustomerToken>('mint_token');

/** Ends all tokens that were minted. */
export const revokeTokens = callable<Record<string, never>, Record<string, never>>('revoke_tokens');

/** With `refresh` Particle is asked, for devices that have presented a claim code too. */
export const listDevices = callable<{ refresh: boolean }, { devices: { deviceId: string }[] }>(
  'list_devices',
);

export interface ClaimCode {
  claimCode: string;
  expiresAt: string;
}

/** For Wi-Fi set-up: the device presents the code at Particle and appears in the list then. */
export const createClaimCode = callable<{ serialNumber: string; setupCode?: string }, ClaimCode>(
  'create_claim_code',
);

/** Everything that is kept of the customer, as JSON lines, a page at a time. */
export const exportAccount = callable<
  { cursor?: string },
  { lines: string[]; cursor?: string | null }
>('export_account');

export const deleteAccount = callable<{ confirm: 'delete' }, { status: 'deleted' | 'scheduled' }>(
  'delete_account',
);
