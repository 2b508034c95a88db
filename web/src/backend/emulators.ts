/**
 * Hosting's emulator serves a script that connects a page to the emulators beside it, for the old
 * SDK with its global `firebase`. This stands in for that global and keeps what the script says.
 */
import type { FirebaseOptions } from 'firebase/app';

/** Port of each emulator. They are on the same host as the page. */
export interface Emulators {
  auth: number;
  firestore: number;
  functions: number;
}

/** What the script says. */
export interface OnEmulators {
  options: FirebaseOptions;
  emulators: Emulators;
}

const SCRIPT = '/__/firebase/init.js?useEmulator=true';

/** The part of the old SDK that the script uses. */
function stub(ports: Partial<Emulators>, keep: (options: FirebaseOptions) => void) {
  return {
    initializeApp: keep,
    auth: () => ({
      useEmulator: (url: string) => {
        ports.auth = Number(new URL(url).port);
      },
    }),
    firestore: () => ({
      useEmulator: (_host: string, port: number) => {
        ports.firestore = port;
      },
    }),
    functions: () => ({
      useEmulator: (_host: string, port: number) => {
        ports.functions = port;
      },
    }),
  };
}

/** Throws when the script does not load, or an emulator that the app needs is not running. */
export async function readEmulators(): Promise<OnEmulators> {
  const ports: Partial<Emulators> = {};
  let options: FirebaseOptions | undefined;
  const firebase = stub(ports, (given) => {
    options = given;
  });
  Object.assign(globalThis, { firebase });
  await load(SCRIPT);
  const { auth, firestore, functions } = ports;
  if (!options || !auth || !firestore || !functions) {
    throw new Error(`${SCRIPT} names no project, or not all of auth, firestore and functions`);
  }
  return { options, emulators: { auth, firestore, functions } };
}

function load(source: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = source;
    script.onload = () => {
      resolve();
      script.remove();
    };
    script.onerror = () => reject(new Error(`${source} did not load`));
    document.head.append(script);
  });
}
