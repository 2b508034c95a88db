/** Lists that grow: events, commands, activity. The newest are followed live, older ones read in pages. */
import {
  collection,
  type DocumentData,
  getDocs,
  limit,
  orderBy,
  type Query,
  type QueryDocumentSnapshot,
  query,
  startAfter,
  Timestamp,
  where,
} from 'firebase/firestore';
import { type AlertEntry, toAlertEntry } from '../model/alerts';
import { type Device, type DeviceEvent, toDeviceEvent } from '../model/device';
import { type Activity, type Command, toActivity, toCommand } from '../model/records';
import { refuseEmptyCopy, userDocument } from './firestore';
import type { Watch } from './insist';
import { watchQuery } from './live';

/** Read at a time when older ones are asked for. */
export const PAGE = 50;

export interface Row<T> {
  id: string;
  value: T;
  /** Its place in the list: times alone may be the same for several. */
  place: QueryDocumentSnapshot;
}

/** Newest first. */
export interface Log<T> {
  /** So many are followed. */
  count: number;
  watch: Watch<Row<T>[]>;
  /** The next page. */
  before: (row: Row<T>) => Promise<Row<T>[]>;
}

function logOf<T>(
  asked: () => Query,
  count: number,
  convert: (id: string, data: DocumentData) => T,
): Log<T> {
  const toRow = (found: QueryDocumentSnapshot): Row<T> => ({
    id: found.id,
    value: convert(found.id, found.data()),
    place: found,
  });
  return {
    count,
    watch: watchQuery(() => query(asked(), limit(count)), toRow),
    before: async ({ place }) => {
      const found = await getDocs(query(asked(), startAfter(place), limit(PAGE)));
      refuseEmptyCopy(found, PAGE);
      return found.docs.map(toRow);
    },
  };
}

/** What was kept of an earlier tenure is not mixed into this one. */
function sinceClaim(field: string, claimedAt: Device['claimedAt']) {
  return claimedAt === undefined ? [] : [where(field, '>=', Timestamp.fromMillis(claimedAt))];
}

/** What a device published since it was added. */
export function eventsOf(
  uid: string,
  deviceId: string,
  claimedAt: Device['claimedAt'],
): Log<DeviceEvent> {
  return logOf(
    () =>
      query(
        collection(userDocument(uid), 'devices', deviceId, 'events'),
        ...sinceClaim('publishedAt', claimedAt),
        orderBy('publishedAt', 'desc'),
      ),
    20,
    toDeviceEvent,
  );
}

/** What was sent to a device since it was added, and what became of it. */
export function commandsOf(
  uid: string,
  deviceId: string,
  claimedAt: Device['claimedAt'],
): Log<Command> {
  return logOf(
    () =>
      query(
        collection(userDocument(uid), 'commands'),
        where('deviceId', '==', deviceId),
        ...sinceClaim('createdAt', claimedAt),
        orderBy('createdAt', 'desc'),
      ),
    10,
    toCommand,
  );
}

/** When alerts of a device began and ceased to fire. */
export function alertLogOf(
  uid: string,
  deviceId: string,
  claimedAt: Device['claimedAt'],
): Log<AlertEntry> {
  return logOf(
    () =>
      query(
        collection(userDocument(uid), 'devices', deviceId, 'alertLog'),
        ...sinceClaim('at', claimedAt),
        orderBy('at', 'desc'),
      ),
    10,
    toAlertEntry,
  );
}

/** What was done in the account; on one device alone where its id is given. */
export function activityOf(uid: string, deviceId?: string): Log<Activity> {
  return logOf(
    () =>
      query(
        collection(userDocument(uid), 'activity'),
        ...(deviceId === undefined ? [] : [where('deviceId', '==', deviceId)]),
        orderBy('at', 'desc'),
      ),
    10,
    toActivity,
  );
}
