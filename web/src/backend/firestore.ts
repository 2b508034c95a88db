/** The connection to Firestore, with a copy of what was read kept for times without a network. */
import { FirebaseError } from 'firebase/app';
import {
  clearIndexedDbPersistence,
  connectFirestoreEmulator,
  type DocumentReference,
  doc,
  type Firestore,
  initializeFirestore,
  persistentLocalCache,
  persistentMultipleTabManager,
  type QuerySnapshot,
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

/** Without a connection the SDK answers from the browser's own copy, which cannot tell that there is no more. */
export function refuseEmptyCopy(found: QuerySnapshot, wanted: number): void {
  if (found.metadata.fromCache && found.size < wanted) {
    throw new FirebaseError('unavailable', 'Firestore does not answer');
  }
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
