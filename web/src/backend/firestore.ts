/** The connection to Firestore, with a copy of what was read kept for times without a network. */
import {
  clearIndexedDbPersistence,
  connectFirestoreEmulator,
  type DocumentReference,
  doc,
  type Firestore,
  initializeFirestore,
  persistentLocalCache,
  persistentMultipleTabManager,
  terminate,
} from 'firebase/firestore';
import { backend } from './app';
import { isDemo } from './config';

let firestore: Firestore | undefined;

function connectedFirestore(): Firestore {
  if (!firestore) {
    const { app, emulators } = backend();
    firestore = initializeFirestore(app, {
      localCache: persistentLocalCache({ tabManager: persistentMultipleTabManager() }),
    });
    if (isDemo && emulators) {
      connectFirestoreEmulator(firestore, location.hostname, emulators.firestore);
    }
  }
  return firestore;
}

export function userDocument(uid: string): DocumentReference {
  return doc(connectedFirestore(), 'users', uid);
}

/**
 * After sign-out: deletes what this browser keeps of the customer's data. Another tab that is still
 * open holds the copy; it goes when that tab has noticed the sign-out too.
 */
export async function forgetCopies(): Promise<void> {
  const leaving = firestore;
  firestore = undefined;
  if (!leaving) return;
  await terminate(leaving);
  await clearIndexedDbPersistence(leaving);
}
