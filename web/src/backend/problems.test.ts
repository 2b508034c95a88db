import { readFileSync } from 'node:fs';
import { FirebaseError } from 'firebase/app';
import { FunctionsError } from 'firebase/functions';
import { describe, expect, it } from 'vitest';
import english from '../messages/en.json';
import { CLIENT_REASONS, toProblem } from './problems';

/** As the back end itself has them. */
const SERVER_REASONS = [
  ...readFileSync(new URL('../../../shared/errors.py', import.meta.url), 'utf8').matchAll(
    /^ {4}reason = "([\w-]+)"$/gm,
  ),
].map(([, reason = '']) => reason);

const answer = (code: string, details?: unknown) =>
  Object.assign(new FirebaseError(`functions/${code}`, code), { details });

it('there are words for every reason, and for no other', () => {
  expect(SERVER_REASONS).toContain('device-offline');
  expect(Object.keys(english.errors).sort()).toEqual([...SERVER_REASONS, ...CLIENT_REASONS].sort());
});

describe('toProblem', () => {
  it.each(SERVER_REASONS)('knows the reason %s', (reason) => {
    expect(toProblem(answer('failed-precondition', { reason, errorId: 'e1' }))).toEqual({
      reason,
      errorId: 'e1',
    });
  });

  it('reads the SDK’s own class of errors', () => {
    const error = Object.assign(Object.create(FunctionsError.prototype), {
      code: 'functions/unavailable',
      details: { reason: 'device-offline' },
    });
    expect(toProblem(error).reason).toBe('device-offline');
  });

  it('keeps what helps', () => {
    const details = { reason: 'bad-request', errorId: 'e2', field: 'function', retryAfter: 1.2 };
    expect(toProblem(answer('invalid-argument', details))).toEqual({
      reason: 'bad-request',
      errorId: 'e2',
      field: 'function',
      retryAfter: 2,
    });
  });

  it('does not guess at a reason that it does not know', () => {
    expect(toProblem(answer('unavailable', { reason: 'new-one', errorId: 'e3' }))).toEqual({
      reason: 'unexpected',
      errorId: 'e3',
    });
  });

  it.each([
    ['functions/internal', 'no-answer'],
    ['functions/unauthenticated', 'sign-in-required'],
    ['auth/invalid-credential', 'wrong-email-or-password'],
    ['auth/email-already-in-use', 'email-in-use'],
    ['auth/network-request-failed', 'no-answer'],
    ['permission-denied', 'not-allowed'],
    ['something/else', 'unexpected'],
  ])('tells %s by its code', (code, reason) => {
    expect(toProblem(new FirebaseError(code, 'message')).reason).toBe(reason);
  });

  it('takes anything else as unexpected', () => {
    expect(toProblem(new TypeError('x'))).toEqual({ reason: 'unexpected' });
    expect(toProblem(undefined)).toEqual({ reason: 'unexpected' });
  });
});
