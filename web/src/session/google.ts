/** Sign-in with Google, loaded only where `theme.signInWithGoogle` offers it. */
import {
  browserPopupRedirectResolver,
  GoogleAuthProvider,
  reauthenticateWithPopup,
  signInWithPopup,
} from 'firebase/auth';
import { backend } from '../backend/app';
import { whenLeft } from './leaving';

export async function signInWithGoogle(): Promise<void> {
  await whenLeft();
  await signInWithPopup(backend().auth, new GoogleAuthProvider(), browserPopupRedirectResolver);
}

export async function signInWithGoogleAgain(): Promise<void> {
  const user = backend().auth.currentUser;
  if (!user) return;
  await reauthenticateWithPopup(user, new GoogleAuthProvider(), browserPopupRedirectResolver);
  await user.getIdToken(true);
}
