import { useEffect, useMemo, useRef, useState } from 'react';
import type { Live } from '../backend/insist';
import { watchDevices, watchSharedDevice, watchShares } from '../backend/live';
import type { Device } from '../model/device';
import type { Share } from '../model/shares';
import { forgetAtNextStart } from './leaving';
import { useLive } from './useLive';

const NONE: Share[] = [];

/** One share of one owner's device: another owner's of the same device is another one. */
function keyOf({ ownerUid, deviceId }: Share): string {
  return `${ownerUid}/${deviceId}`;
}

/** Devices of others, by share; undefined for one that cannot be read any more. */
type Found = ReadonlyMap<string, Device | undefined>;

/**
 * The shared devices, each with a listener of its own. A share has ended when its document is gone,
 * or when the listener is refused, whichever is heard first: then nothing of the device is kept.
 */
function useShared(shares: readonly Share[]): Found {
  const [found, setFound] = useState<Found>(new Map());
  const listeners = useRef(new Map<string, () => void>());
  useEffect(() => {
    const wanted = new Map(shares.map((share) => [keyOf(share), share]));
    const put = (key: string, device: Device | undefined) =>
      setFound((before) => new Map(before).set(key, device));
    for (const [key, stop] of listeners.current) {
      if (wanted.has(key)) continue;
      stop();
      listeners.current.delete(key);
      forgetAtNextStart();
      setFound((before) => new Map([...before].filter(([one]) => one !== key)));
    }
    for (const [key, share] of wanted) {
      if (listeners.current.has(key)) continue;
      const stop = watchSharedDevice(share)((live) => {
        if (live.state === 'shown') put(key, live.value);
        else if (live.state === 'failed' && live.problem.reason === 'not-allowed') {
          forgetAtNextStart();
          put(key, undefined);
        }
      });
      listeners.current.set(key, stop);
    }
  }, [shares]);
  useEffect(() => {
    const all = listeners.current;
    return () => {
      for (const stop of all.values()) stop();
      all.clear();
    };
  }, []);
  return found;
}

export interface Devices {
  /** The customer's own, and those that others share with them. */
  live: Live<Device[]>;
  /** Ids of devices that were shared with the customer when the app was opened, and are no longer. */
  ended: ReadonlySet<string>;
}

/** All devices that the customer may use. */
export function useDevices(uid: string): Devices {
  const own = useLive(useMemo(() => watchDevices(uid), [uid]));
  const shared = useLive(useMemo(() => watchShares(uid), [uid]));
  const shares = shared.state === 'shown' ? shared.value : NONE;
  const found = useShared(shares);
  const seen = useRef(new Set<string>());
  return useMemo(() => {
    const guests = shares.flatMap((share) => {
      const device = found.get(keyOf(share));
      return device ? [{ ...device, access: share }] : [];
    });
    for (const { id } of guests) seen.current.add(id);
    const there = new Set(guests.map(({ id }) => id));
    const ended = new Set([...seen.current].filter((id) => !there.has(id)));
    if (own.state !== 'shown') return { live: own, ended };
    // What is about to come is no missing device.
    const whole = shared.state !== 'loading' && shares.every((share) => found.has(keyOf(share)));
    if (!whole && !own.stale) return { live: { state: 'loading' as const }, ended };
    const mine = new Set(own.value.map(({ id }) => id));
    const others = guests.filter(({ id }) => !mine.has(id));
    return { live: { ...own, value: [...own.value, ...others] }, ended };
  }, [own, shared, shares, found]);
}
