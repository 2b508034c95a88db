/** What the customer is told of alerts, and when. */
import type { DocumentData } from 'firebase/firestore';
import { text } from './fields';

export interface QuietHours {
  /** `HH:MM`. */
  from: string;
  to: string;
  timeZone: string;
}

export interface Notifications {
  email: boolean;
  /** Whether a mail server has refused the customer's address. */
  suspended: boolean;
  /** For which devices something else than the default holds. */
  devices: Record<string, boolean>;
  quietHours: QuietHours | undefined;
}

/** From `users/{uid}/preferences/notifications`, which may not exist. */
export function toNotifications(data: DocumentData): Notifications {
  const quiet: DocumentData | undefined = data.quietHours ?? undefined;
  const devices: DocumentData = data.devices ?? {};
  return {
    email: data.email !== false,
    suspended: data.emailSuspended !== undefined && data.emailSuspended !== null,
    devices: Object.fromEntries(
      Object.entries(devices).filter(
        (entry): entry is [string, boolean] => typeof entry[1] === 'boolean',
      ),
    ),
    quietHours: quiet && {
      from: text(quiet.from),
      to: text(quiet.to),
      timeZone: text(quiet.timeZone),
    },
  };
}

/** Whether the customer is told of a device: by default, of their own and not of others'. */
export function isTold({ devices }: Notifications, deviceId: string, owned: boolean): boolean {
  return Object.hasOwn(devices, deviceId) ? devices[deviceId] === true : owned;
}
