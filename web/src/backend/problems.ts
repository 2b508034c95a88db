/**
 * One shape for every failure: a reason with words for it in the message files. What the back end
 * raises carries its reason in `details`; what the SDKs raise is told by its code.
 */
import { FirebaseError } from 'firebase/app';
import english from '../messages/en.json';

/** Reasons that only the client knows. */
export const CLIENT_REASONS = [
  'no-answer',
  'account-closed',
  'account-disabled',
  'email-in-use',
  'invalid-email',
  'weak-password',
  'wrong-email-or-password',
  'too-many-sign-ins',
  'link-used-up',
  'window-closed',
  'unexpected',
] as const;

/** Those, and all that the callables answer with (`shared/errors.py`): what there are words for. */
export type Reason = keyof typeof english.errors;

export interface Problem {
  reason: Reason;
  /** Names the entry in the server's log; for support. */
  errorId?: string;
  /** Seconds to wait. */
  retryAfter?: number;
  /** A part of the address that it is about. */
  hint?: string;
  /** The part of the request that was refused. */
  field?: string;
}

const BY_CODE: ReadonlyMap<string, Reason> = new Map([
  ['auth/account-exists-with-different-credential', 'email-in-use'],
  ['auth/cancelled-popup-request', 'window-closed'],
  ['auth/email-already-in-use', 'email-in-use'],
  ['auth/expired-action-code', 'link-used-up'],
  ['auth/invalid-action-code', 'link-used-up'],
  ['auth/invalid-credential', 'wrong-email-or-password'],
  ['auth/invalid-email', 'invalid-email'],
  ['auth/network-request-failed', 'no-answer'],
  ['auth/password-does-not-meet-requirements', 'weak-password'],
  ['auth/popup-blocked', 'window-closed'],
  ['auth/popup-closed-by-user', 'window-closed'],
  ['auth/too-many-requests', 'too-many-sign-ins'],
  ['auth/user-disabled', 'account-disabled'],
  ['auth/user-not-found', 'wrong-email-or-password'],
  ['auth/user-token-expired', 'sign-in-required'],
  ['auth/weak-password', 'weak-password'],
  ['auth/wrong-password', 'wrong-email-or-password'],
  ['functions/deadline-exceeded', 'no-answer'],
  // The SDK's word for a request that got no answer at all, too.
  ['functions/internal', 'no-answer'],
  ['functions/resource-exhausted', 'too-many-attempts'],
  ['functions/unauthenticated', 'sign-in-required'],
  ['functions/unavailable', 'no-answer'],
  ['permission-denied', 'not-allowed'],
  ['unauthenticated', 'sign-in-required'],
  ['unavailable', 'no-answer'],
]);

/** Whether there are words for it. */
export function isReason(reason: unknown): reason is Reason {
  return typeof reason === 'string' && Object.hasOwn(english.errors, reason);
}

function detailsOf(error: unknown): Record<string, unknown> {
  const details = error instanceof Error && 'details' in error ? error.details : undefined;
  return typeof details === 'object' && details !== null ? { ...details } : {};
}

/** What to tell the customer about a failure. */
export function toProblem(error: unknown): Problem {
  const { reason, errorId, retryAfter, field, hint } = detailsOf(error);
  const problem: Problem = { reason: 'unexpected' };
  if (isReason(reason)) problem.reason = reason;
  else if (reason === undefined && error instanceof FirebaseError) {
    problem.reason = BY_CODE.get(error.code) ?? 'unexpected';
  }
  if (typeof errorId === 'string') problem.errorId = errorId;
  if (typeof retryAfter === 'number') problem.retryAfter = Math.ceil(retryAfter);
  if (typeof field === 'string') problem.field = field;
  if (typeof hint === 'string') problem.hint = hint;
  return problem;
}
