/** The callable functions, with the shapes of their requests and answers. Times are ISO 8601 UTC. */
import {
  connectFunctionsEmulator,
  type Functions,
  getFunctions,
  httpsCallable,
} from 'firebase/functions';
import type { Json } from '../model/values';
import { backend } from './app';
import { functionsRegion, isDemo } from './config';

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
    return (await call(request)).data;
  };
}

export interface ClaimedDevice {
  deviceId: string;
  name: string;
  serialNumber: string;
  claimedAt: string;
}

export const claimDevice = callable<
  { serialNumber: string; setupCode: string; name?: string },
  ClaimedDevice
>('claim_device');

export type CommandStatus =
  | 'queued'
  | 'sent'
  | 'succeeded'
  | 'failed'
  | 'expired'
  | 'cancelled'
  | 'unknown';

export interface CommandAnswer {
  commandId: string;
  status: CommandStatus;
  /** What the device's function returned: a 32-bit integer. */
  returnValue?: number | null;
}

/** The same `requestId` never reaches the device twice. */
export const invokeFunction = callable<
  { deviceId: string; function: string; argument: string; requestId: string },
  CommandAnswer
>('invoke_function');

export const readVariable = callable<
  { deviceId: string; variable: string },
  { value: Json; readAt: string }
>('read_variable');

export interface CustomerToken {
  accessToken: string;
  expiresAt: string;
  customerId: string;
}

export const mintToken = callable<Record<string, never>, CustomerToken>('mint_token');
