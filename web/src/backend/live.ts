/** What the customer sees live: documents and queries below `users/{uid}`, as Firestore pushes them. */
import {
  collection,
  type DocumentData,
  limit,
  onSnapshot,
  orderBy,
  type Query,
  query,
  setDoc,
  type Unsubscribe,
  where,
} from 'firebase/firestore';
import { type Device, type DeviceEvent, toDevice, toDeviceEvent } from '../model/device';
import { type Profile, type ProfileFields, toProfile } from '../model/profile';
import { type Activity, type Command, toActivity, toCommand } from '../model/records';
import { userDocument } from './firestore';
import { type Problem, toProblem } from './problems';

/** `stale`: from this machine's memory, while the connection is away. */
export type Live<T> =
  | { state: 'loading' }
  | { state: 'shown'; value: T; stale: boolean }
  | { state: 'failed'; problem: Problem };

export type Watch<T> = (next: (live: Live<T>) => void) => Unsubscribe;

function watchQuery<T>(
  asked: () => Query,
  convert: (id: string, data: DocumentData) => T,
): Watch<T[]> {
  return (next) =>
    onSnapshot(
      asked(),
      { includeMetadataChanges: true },
      (snapshot) => {
        next({
          state: 'shown',
          value: snapshot.docs.map((found) => convert(found.id, found.data())),
          stale: snapshot.metadata.fromCache,
        });
      },
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

/** Writes fields of the customer's document, and creates it where there is none. */
export async function writeProfile(uid: string, fields: Partial<ProfileFields>): Promise<void> {
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

/** What became of the newest commands to a device, newest first. */
export function watchCommands(uid: string, deviceId: string, count: number): Watch<Command[]> {
  return watchQuery(
    () =>
      query(
        collection(userDocument(uid), 'commands'),
        where('deviceId', '==', deviceId),
        orderBy('createdAt', 'desc'),
        limit(count),
      ),
    toCommand,
  );
}

/** What was done in the account, newest first; on one device alone where its id is given. */
export function watchActivity(uid: string, count: number, deviceId?: string): Watch<Activity[]> {
  return watchQuery(
    () =>
      query(
        collection(userDocument(uid), 'activity'),
        ...(deviceId === undefined ? [] : [where('deviceId', '==', deviceId)]),
        orderBy('at', 'desc'),
        limit(count),
      ),
    toActivity,
  );
}
