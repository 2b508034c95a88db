import { useNetwork } from '@mantine/hooks';
import { useEffect, useState } from 'react';
import type { Live } from '../backend/insist';

/** A moment from the browser's own copy, at the start, is no reason to speak of the connection. */
const STALE_MS = 5_000;

/** Whether the browser has no network, or one on which Firestore does not answer. */
export function useCutOff(live: Live<unknown>): boolean {
  const { online } = useNetwork();
  const stale = live.state === 'shown' && live.stale;
  const [lasting, setLasting] = useState(false);
  useEffect(() => {
    if (!stale) return;
    const timer = setTimeout(() => setLasting(true), STALE_MS);
    return () => {
      clearTimeout(timer);
      setLasting(false);
    };
  }, [stale]);
  return !online || lasting;
}
