/** Sign-up, sign-in, sign-out. */
import {
  createUserWithEmailAndPassword,
  signOut as leave,
  signInWithEmailAndPassword,
  updateProfile,
} from 'firebase/auth';
import { backend } from '../backend/app';

let signingUp: Promise<void> = Promise.resolve();

/**
 * Creates the account. The name is kept with the sign-in until `users/{uid}` is written, so that it
 * is not lost with a tab that closes between the two.
 */
export function signUp(email: string, password: string, name: string): Promise<void> {
  const done = (async () => {
    const { user } = await createUserWithEmailAndPassword(backend().auth, email, password);
    if (name) await updateProfile(user, { displayName: name });
  })();
  signingUp = done.catch(() => undefined);
  return done;
}

/** Resolves when no sign-up of this tab is under way: from then on the user's name is known. */
export function signUpSettled(): Promise<void> {
  return signingUp;
}

export async function signIn(email: string, password: string): Promise<void> {
  await signInWithEmailAndPassword(backend().auth, email, password);
}

export async function signOut(): Promise<void> {
  await leave(backend().auth);
}
