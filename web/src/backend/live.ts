/** What the customer sees live: documents and queries below `users/{uid}`, as Firestore pushes them. */
import {
  collection,
  onSnapshot,
  type Query,
  type QueryDocumentSnapshot,
  setDoc,
} from 'firebase/firestore';
import { type Device, toDevice } from '../model/device';
import { type Profile, type ProfileFields, toProfile } from '../model/profile';
import { userDocument } from './firestore';
import { insist, type Watch } from './insist';

const ALSO_WHETHER_STALE = { includeMetadataChanges: true };

/** All documents of a query. */
export function watchQuery<T>(
  asked: () => Query,
  convert: (found: QueryDocumentSnapshot) => T,
): Watch<T[]> {
  return insist((next, failed) =>
    onSnapshot(
      asked(),
      ALSO_WHETHER_STALE,
      (snapshot) => next(snapshot.docs.map(convert), snapshot.metadata.fromCache),
      failed,
    ),
  );
}

/** The customer's own document; undefined while there is none. */
export function watchProfile(uid: string): Watch<Profile | undefined> {
  return insist((next, failed) =>
    onSnapshot(
      userDocument(uid),
      ALSO_WHETHER_STALE,
      (found) => {
        const data = found.data();
        next(data && toProfile(data), found.metadata.fromCache);
      },
      failed,
    ),
  );
}

/** Writes fields of the customer's document, and creates it where there is none. */
export async function writeProfile(uid: string, fields: Partial<ProfileFields>): Promise<void> {
  await setDoc(userDocument(uid), fields, { merge: true });
}

/** All devices of the customer. */
export function watchDevices(uid: string): Watch<Device[]> {
  return watchQuery(
    () => collection(userDocument(uid), 'devices'),
    (found) => toDevice(found.id, found.data()),
  );
}
