/** The Firebase app and its sign-in: all that the pages before sign-in need. */
import { type FirebaseApp, initializeApp } from 'firebase/app';
import {
  type Auth,
  browserLocalPersistence,
  connectAuthEmulator,
  indexedDBLocalPersistence,
  initializeAuth,
} from 'firebase/auth';
import { speech } from '../messages/i18n';
import { appCheckKey, isDemo, surroundings } from './config';
import type { Emulators } from './emulators';

export interface Backend {
  app: FirebaseApp;
  auth: Auth;
  emulators?: Emulators;
}

let connected: Backend | undefined;

/** Once, before anything is shown. Throws when the site does not say where the back end is. */
export async function connect(): Promise<void> {
  const { options, emulators } = await surroundings();
  const app = initializeApp(options);
  if (appCheckKey) (await import('./appCheck')).startAppCheck(app, appCheckKey);
  const auth = initializeAuth(app, {
    persistence: [indexedDBLocalPersistence, browserLocalPersistence],
  });
  // Of the mails that it sends.
  auth.languageCode = speech.language;
  if (isDemo && emulators) {
    connectAuthEmulator(auth, `http://${location.hostname}:${emulators.auth}`, {
      disableWarnings: true,
    });
  }
  connected = emulators ? { app, auth, emulators } : { app, auth };
}

/** What `connect` has made. */
export function backend(): Backend {
  if (!connected) throw new Error('connect() has not finished');
  return connected;
}
