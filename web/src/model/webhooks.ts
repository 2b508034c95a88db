/** Receivers of the customer's own that hear of alerts. */
import type { DocumentData } from 'firebase/firestore';
import { number, text } from './fields';
import { toMillis } from './times';

export interface CustomerWebhook {
  id: string;
  url: string;
  types: string[];
  enabled: boolean;
  /** `gone` or `failing`, where nobody switched it off. */
  disabledReason: string;
  /** The status of the last answer; undefined where none came. */
  lastStatus: number | undefined;
  lastAt: number | undefined;
}

/** From `users/{uid}/webhooks/{webhookId}`. */
export function toWebhook(id: string, data: DocumentData): CustomerWebhook {
  return {
    id,
    url: text(data.url),
    types: Array.isArray(data.types) ? data.types.filter((one) => typeof one === 'string') : [],
    enabled: data.enabled === true,
    disabledReason: text(data.disabledReason),
    lastStatus: number(data.lastStatus),
    lastAt: toMillis(data.lastAt),
  };
}

/** Whether a receiver has taken what was posted. */
export function isTaken(status: number): boolean {
  return status >= 200 && status < 300;
}
