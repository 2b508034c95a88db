/** Sign-up, sign-in, sign-out, and what the sign-in provider mails. */
import { FirebaseError } from 'firebase/app';
import {
  applyActionCode,
  confirmPasswordReset,
  createUserWithEmailAndPassword,
  EmailAuthProvider,
  signOut as leave,
  reauthenticateWithCredential,
  sendEmailVerification,
  sendPasswordResetEmail,
  signInWithEmailAndPassword,
  type User,
  updateProfile,
  verifyPasswordResetCode,
} from 'firebase/auth';
import { backend } from '../backend/app';
import { toProblem } from '../backend/problems';
import { type Farewell, leaveFor, whenLeft } from './leaving';

let signingUp: Promise<void> = Promise.resolve();

/**
 * Creates the account and has the address confirmed by a mail. The name is kept with the sign-in
 * until `users/{uid}` is written, so that it is not lost with a tab that closes between the two.
 */
export function signUp(email: string, password: string, name: string): Promise<void> {
  const done = (async () => {
    await whenLeft();
    const { user } = await createUserWithEmailAndPassword(backend().auth, email, password);
    if (name) await updateProfile(user, { displayName: name });
    // A mail that cannot be sent now can be asked for later: the account is there.
    await sendEmailVerification(user).catch((error: unknown) => console.error(error));
  })();
  signingUp = done.catch(() => undefined);
  return done;
}

/** Resolves when no sign-up of this tab is under way: from then on the user's name is known. */
export function signUpSettled(): Promise<void> {
  return signingUp;
}

export async function signIn(email: string, password: string): Promise<void> {
  await whenLeft();
  await signInWithEmailAndPassword(backend().auth, email, password);
}

export async function signOut(): Promise<void> {
  await leave(backend().auth);
}

let isDeletedHere = false;

/**
 * Signs out with what a deletion of the account answers. Firestore refuses the data before that, which
 * is no news to this tab.
 */
export async function leaveAfter(deletion: () => Promise<{ status: Farewell }>): Promise<void> {
  isDeletedHere = true;
  try {
    const { status } = await deletion();
    leaveFor(status);
    await signOut();
  } finally {
    isDeletedHere = false;
  }
}

/**
 * After Firestore has refused the customer's own document: signs out, with the farewell, where the
 * account was deleted in another tab or by support. The deletion disables the sign-in first and ends
 * it last, so a new token is refused in both cases; the SDK then signs out. Where one is given, the
 * refusal has another cause, or the deletion has begun a moment ago: then it is asked again.
 */
export async function leaveIfDeleted(user: User): Promise<void> {
  if (isDeletedHere) return;
  leaveFor('scheduled');
  try {
    await user.getIdToken(true);
    leaveFor('ended');
  } catch (error) {
    const code = error instanceof FirebaseError ? error.code : '';
    if (code !== 'auth/user-disabled') leaveFor(GONE.has(code) ? 'deleted' : 'ended');
    // The SDK does this for a user who is disabled, not for one who is no more.
    if (GONE.has(code)) await signOut();
  }
}

/** What a refresh token is answered whose user does not exist any more. */
const GONE = new Set([
  'auth/user-not-found',
  'auth/user-token-expired',
  'auth/invalid-refresh-token',
  'auth/invalid-user-token',
]);

/** Has a link mailed for a new password. Whether there is such an account is told to nobody. */
export async function askForNewPassword(email: string): Promise<void> {
  await sendPasswordResetEmail(backend().auth, email).catch((error: unknown) => {
    if (toProblem(error).reason !== 'wrong-email-or-password') throw error;
  });
}

/** The address that a code from that mail's link is for. Fails when the code is not good any more. */
export function isForNewPassword(code: string): Promise<string> {
  return verifyPasswordResetCode(backend().auth, code);
}

/** With the code from that mail's link. */
export async function setNewPassword(code: string, password: string): Promise<void> {
  await confirmPasswordReset(backend().auth, code, password);
}

/** With the code from a mail's link: confirms an address, or takes a change of it back. */
export async function applyCode(code: string): Promise<void> {
  await applyActionCode(backend().auth, code);
  const user = backend().auth.currentUser;
  if (user) await isVerified(user);
}

function signedIn(): User {
  const user = backend().auth.currentUser;
  if (!user) throw new Error('Only pages behind sign-in know a user');
  return user;
}

/** Mails the link once more that confirms the address. */
export async function askForVerification(): Promise<void> {
  await sendEmailVerification(signedIn());
}

/** Whether the address is confirmed by now; if so, the functions hear of it with the next call. */
export async function isVerified(user: User = signedIn()): Promise<boolean> {
  await user.reload();
  if (user.emailVerified) await user.getIdToken(true);
  return user.emailVerified;
}

/** Whether the account has a password, and not Google's word alone. */
export function hasPassword(user: User): boolean {
  return user.providerData.some(({ providerId }) => providerId === 'password');
}

/** Signs in anew, for what asks for a sign-in of the last minutes. */
export async function signInAgain(password: string): Promise<void> {
  const user = signedIn();
  await reauthenticateWithCredential(
    user,
    EmailAuthProvider.credential(user.email ?? '', password),
  );
  await user.getIdToken(true);
}
