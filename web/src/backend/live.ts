/** What the customer sees live: documents and queries below `users/{uid}`, as Firestore pushes them. */
import {
  collection,
  doc,
  onSnapshot,
  type Query,
  type QueryDocumentSnapshot,
  setDoc,
} from 'firebase/firestore';
import { type Alert, toAlert } from '../model/alerts';
import { type Device, toDevice } from '../model/device';
import { type Notifications, toNotifications } from '../model/notifications';
import { type Profile, type ProfileFields, toProfile } from '../model/profile';
import { type Command, toCommand } from '../model/records';
import { type Schedule, toSchedule } from '../model/schedules';
import {
  type Guest,
  type Invitation,
  owned,
  type Share,
  toGuest,
  toInvitation,
  toShare,
} from '../model/shares';
import { type CustomerWebhook, toWebhook } from '../model/webhooks';
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
    (found) => toDevice(found.id, found.data(), owned(uid)),
  );
}

/** All devices of others that are shared with the customer. */
export function watchShares(uid: string): Watch<Share[]> {
  return watchQuery(
    () => collection(userDocument(uid), 'shared'),
    (found) => toShare(found.id, found.data()),
  );
}

/** A device of another customer; undefined when its owner has none of that id any more. */
export function watchSharedDevice({ ownerUid, deviceId }: Share): Watch<Device | undefined> {
  return insist((next, failed) =>
    onSnapshot(
      doc(userDocument(ownerUid), 'devices', deviceId),
      ALSO_WHETHER_STALE,
      (found) => {
        const data = found.data();
        next(data && toDevice(found.id, data), found.metadata.fromCache);
      },
      failed,
    ),
  );
}

/** Who else may use a device. */
export function watchGuests(ownerUid: string, deviceId: string): Watch<Guest[]> {
  return watchQuery(
    () => collection(userDocument(ownerUid), 'devices', deviceId, 'shares'),
    (found) => toGuest(found.id, found.data()),
  );
}

/** The alerts of a device. */
export function watchAlerts(ownerUid: string, deviceId: string): Watch<Alert[]> {
  return watchQuery(
    () => collection(userDocument(ownerUid), 'devices', deviceId, 'alerts'),
    (found) => toAlert(found.id, found.data()),
  );
}

/** The schedules of a device. */
export function watchSchedules(ownerUid: string, deviceId: string): Watch<Schedule[]> {
  return watchQuery(
    () => collection(userDocument(ownerUid), 'devices', deviceId, 'schedules'),
    (found) => toSchedule(found.id, found.data()),
  );
}

/** The customer's own receivers. */
export function watchWebhooks(uid: string): Watch<CustomerWebhook[]> {
  return watchQuery(
    () => collection(userDocument(uid), 'webhooks'),
    (found) => toWebhook(found.id, found.data()),
  );
}

/** What the customer is told of alerts; nothing is stored until they change it. */
export function watchNotifications(uid: string): Watch<Notifications> {
  return insist((next, failed) =>
    onSnapshot(
      doc(userDocument(uid), 'preferences', 'notifications'),
      ALSO_WHETHER_STALE,
      (found) => next(toNotifications(found.data() ?? {}), found.metadata.fromCache),
      failed,
    ),
  );
}

/** Invitations to a device that nobody has accepted yet. */
export function watchInvitations(ownerUid: string, deviceId: string): Watch<Invitation[]> {
  return watchQuery(
    () => collection(userDocument(ownerUid), 'devices', deviceId, 'invitations'),
    (found) => toInvitation(found.id, found.data()),
  );
}

/** A command of the customer's own to another's device: a guest cannot list the others. */
export function watchCommand(ownerUid: string, commandId: string): Watch<Command[]> {
  return insist((next, failed) =>
    onSnapshot(
      doc(userDocument(ownerUid), 'commands', commandId),
      ALSO_WHETHER_STALE,
      (found) => {
        const data = found.data();
        next(data ? [toCommand(found.id, data)] : [], found.metadata.fromCache);
      },
      failed,
    ),
  );
}
