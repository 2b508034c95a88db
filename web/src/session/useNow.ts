import { useEffect, useState } from 'react';

/** The time in milliseconds, taken anew now and then, so that "3 minutes ago" stays true. */
export function useNow(everySeconds = 5): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everySeconds * 1000);
    return () => clearInterval(timer);
  }, [everySeconds]);
  return now;
}
