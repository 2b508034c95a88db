/** The customer's own document: what they say of themselves, and how far the server is with their account. */
import type { DocumentData } from 'firebase/firestore';
import type { Live } from '../backend/insist';

/** What the client may write, each at most `PROFILE_TEXT_MAX` characters. */
export interface ProfileFields {
  displayName: string;
  timeZone: string;
  locale: string;
}

export const PROFILE_TEXT_MAX = 200;

export type AccountStatus = 'pending' | 'ready' | 'error';

export interface Profile {
  displayName: string;
  /** `pending` until the server says something else. */
  status: AccountStatus;
}

/** From `users/{uid}`. */
export function toProfile(data: DocumentData): Profile {
  const status: unknown = data.particle?.status;
  return {
    displayName: typeof data.displayName === 'string' ? data.displayName : '',
    status: status === 'ready' || status === 'error' ? status : 'pending',
  };
}

/** How far the account is; undefined until that is known. */
export function standingOf(profile: Live<Profile | undefined>): AccountStatus | undefined {
  if (profile.state === 'failed') return 'error';
  if (profile.state === 'loading') return undefined;
  if (profile.value) return profile.value.status;
  // Not in this browser's copy, which says nothing; or not at all, right after sign-up.
  return profile.stale ? undefined : 'pending';
}
