import { onAuthStateChanged, type User } from 'firebase/auth';
import { useEffect, useState } from 'react';
import { backend } from '../backend/app';

/** `unknown` until the browser's store has been read. */
export type Session = 'unknown' | 'signed-out' | User;

/** Who is signed in, in this tab and all others of this browser. */
export function useSession(): Session {
  const [session, setSession] = useState<Session>('unknown');
  useEffect(
    () => onAuthStateChanged(backend().auth, (user) => setSession(user ?? 'signed-out')),
    [],
  );
  return session;
}
