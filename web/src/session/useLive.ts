import { useEffect, useState } from 'react';
import type { Live, Watch } from '../backend/insist';

/** Follows a watch for as long as the component is shown. The watch must be the same object between renders. */
export function useLive<T>(watch: Watch<T>): Live<T> {
  const [seen, setSeen] = useState<{ watch: Watch<T>; live: Live<T> }>();
  useEffect(() => watch((live) => setSeen({ watch, live })), [watch]);
  return seen?.watch === watch ? seen.live : { state: 'loading' };
}
