/**
 * Where the back end is. The page asks the Hosting site that serves it (reserved URLs,
 * https://firebase.google.com/docs/hosting/reserved-urls), so that one build serves any project and,
 * in the demo, any ports.
 */
import type { FirebaseOptions } from 'firebase/app';
import { type Emulators, readEmulators } from './emulators';

export interface Surroundings {
  options: FirebaseOptions;
  /** Only in the demo. */
  emulators?: Emulators;
}

/** Whether this build talks to the emulators. A constant of the build: what hangs on it is left out of the other build. */
export const isDemo = import.meta.env.MODE === 'demo';

/** Region of the callable functions. */
export const functionsRegion = import.meta.env.VITE_FUNCTIONS_REGION || 'us-central1';

/** Without one the app does without App Check. */
export const appCheckKey = import.meta.env.VITE_APP_CHECK_KEY;

/** Throws when the site does not answer, or answers something else. */
export async function surroundings(): Promise<Surroundings> {
  if (isDemo) return readEmulators();
  const response = await fetch('/__/firebase/init.json');
  if (!response.ok) throw new Error(`/__/firebase/init.json: HTTP ${response.status}`);
  return { options: (await response.json()) as FirebaseOptions };
}
