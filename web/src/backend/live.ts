/** What the customer sees live: documents and queries below `users/{uid}`, as Firestore pushes them. */
import {
  collection,
  connectFirestoreEmulator,
  type DocumentData,
  doc,
  type Firestore,
  getFirestore,
  limit,
  onSnapshot,
  orderBy,
  type Query,
  query,
  setDoc,
  type Unsubscribe,
} from 'firebase/firestore';
import { type Device, type DeviceEvent, toDevice, toDeviceEvent } from '../model/device';
import { type Profile, type ProfileFields, toProfile } from '../model/profile';
import { backend } from './app';
import { isDemo } from './config';
import { type Problem, toProblem } from './problems';

/** `stale`: from this machine's memory, while the connection is away. */
export type Live<T> =
  | { state: 'loading' }
  | { state: 'shown'; value: T; stale: boolean }
  | { state: 'failed'; problem: Problem };

export type Watch<T> = (next: (live: Live<T>) => void) => Unsubscribe;

let firestore: Firestore | undefined;

function connectedFirestore(): Firestore {
  if (!firestore) {
    const { app, emulators } = backend();
    firestore = getFirestore(app);
    if (isDemo && emulators) {
      connectFirestoreEmulator(firestore, location.hostname, emulators.firestore);
    }
  }
  return firestore;
}

const userDocument = (uid: string) => doc(connectedFirestore(), 'users', uid);

function watchQuery<T>(
  asked: () => Query,
  convert: (id: string, data: DocumentData) => T,
): Watch<T[]> {
  return (next) =>
    onSnapshot(
      asked(),
      { includeMetadataChanges: true },
      ({ docs, metadata }) =>
        next({
          state: 'shown',
          value: docs.map((found) => convert(found.id, found.data())),
          stale: metadata.fromCache,
        }),
      (error) => next({ state: 'failed', problem: toProblem(error) }),
    );
}

/** The customer's own document; undefined while there is none. */
export function watchProfile(uid: string): Watch<Profile | undefined> {
  return (next) =>
    onSnapshot(
      userDocument(uid),
      { includeMetadataChanges: true },
      (found) => {
        const data = found.data();
        next({
          state: 'shown',
          value: data && toProfile(data),
          stale: found.metadata.fromCache,
        });
      },
      (error) => next({ state: 'failed', problem: toProblem(error) }),
    );
}

/** Creates the customer's document; if another tab was faster, changes its fields alone. */
export async function createProfile(uid: string, fields: ProfileFields): Promise<void> {
  await setDoc(userDocument(uid), fields, { merge: true });
}

/** All devices of the customer. */
export function watchDevices(uid: string): Watch<Device[]> {
  return watchQuery(() => collection(userDocument(uid), 'devices'), toDevice);
}

/** The newest events of a device, newest first. */
export function watchEvents(uid: string, deviceId: string, count: number): Watch<DeviceEvent[]> {
  return watchQuery(
    () =>
      query(
        collection(userDocument(uid), 'devices', deviceId, 'events'),
        orderBy('publishedAt', 'desc'),
        limit(count),
      ),
    toDeviceEvent,
  );
}
