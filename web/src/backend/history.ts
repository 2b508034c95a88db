/** What a device published before: numbers for charts, from rollups. */
import { collection, documentId, getDocs, orderBy, query, where } from 'firebase/firestore';
import { DAY_MS, dayOf, type Rollup, rollupId, together, toRollup } from '../model/rollups';
import { refuseEmptyCopy, userDocument } from './firestore';

/** Whose history, of which event name, in which tenure. */
export interface Course {
  uid: string;
  deviceId: string;
  event: string;
  claimEpoch: number;
}

/** Days that are over, by course and day, for as long as the page is open; null: nothing that day. */
const past = new Map<string, Rollup | null>();

/** Days that may still change: today, and yesterday for what arrives late. */
function isOver(day: string, now: number): boolean {
  return day < dayOf(now - DAY_MS);
}

/**
 * The rollups of all UTC days that the range touches, in one query for those not yet read. One read
 * for each day that the device published on, and for each event that has a rollup of its own.
 */
export async function readRollups(
  { uid, deviceId, event, claimEpoch }: Course,
  from: number,
  to: number,
  now: number,
): Promise<Rollup[]> {
  const days: string[] = [];
  for (let at = from; dayOf(at) <= dayOf(to); at += DAY_MS) days.push(dayOf(at));
  const key = (day: string) => `${uid}/${deviceId}/${rollupId(event, claimEpoch, day)}`;
  const missing = days.filter((day) => !isOver(day, now) || !past.has(key(day)));
  const first = missing[0];
  const last = missing.at(-1);
  const read = new Map<string, Rollup>();
  if (first && last) {
    const found = await getDocs(
      query(
        collection(userDocument(uid), 'devices', deviceId, 'rollups'),
        orderBy(documentId()),
        where(documentId(), '>=', rollupId(event, claimEpoch, first)),
        where(documentId(), '<=', `${rollupId(event, claimEpoch, last)}@~`),
      ),
    );
    for (const document of found.docs) {
      const rollup = toRollup(document.data());
      const there = read.get(rollup.day);
      read.set(rollup.day, there ? together(there, rollup) : rollup);
    }
    refuseEmptyCopy(found, 1);
    if (!found.metadata.fromCache) {
      for (const day of missing) if (isOver(day, now)) past.set(key(day), read.get(day) ?? null);
    }
  }
  return days
    .map((day) => read.get(day) ?? past.get(key(day)))
    .filter((rollup) => rollup !== undefined && rollup !== null);
}
