/** What is left to do when somebody has signed out, and must be done before the next one signs in. */

let leaving: Promise<void> = Promise.resolve();

/** Deletes what this browser keeps of their data; the module is loaded, since they were signed in. */
export function leave(): void {
  leaving = import('../backend/firestore')
    .then(({ forgetCopies }) => forgetCopies())
    // Another tab still holds the copy, and deletes it when it hears of the sign-out in its turn.
    .catch((error: unknown) => console.warn(error));
}

/** Why somebody is signed out; to be told where they end up. */
export type Farewell = 'ended' | 'deleted' | 'scheduled';

let reason: Farewell = 'ended';

/** Before they are signed out for another reason than that a sign-in has ended. */
export function leaveFor(why: Farewell): void {
  reason = why;
}

/** The reason why somebody has left just now; once. */
export function takeFarewell(): Farewell {
  const why = reason;
  reason = 'ended';
  return why;
}

export function whenLeft(): Promise<void> {
  return leaving;
}

/**
 * For a start on which nobody is signed in any more: the sign-in has ended while the app was closed.
 * The copies are deleted without the SDK that made them, which is loaded after sign-in only.
 */
export function forgetWhatWasLeft(): void {
  leaving = deleteCopies().catch((error: unknown) => console.warn(error));
}

async function deleteCopies(): Promise<void> {
  const databases = await indexedDB.databases();
  const copies = databases.map(({ name }) => name).filter((name) => name?.startsWith('firestore/'));
  await Promise.all(copies.map((name) => name && deleteDatabase(name)));
}

function deleteDatabase(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = () => resolve();
    request.onerror = () => reject(request.error);
    // By a tab that has yet to notice; the deletion goes on when that tab lets go.
    request.onblocked = () => resolve();
  });
}

const TO_FORGET = 'forget-copies';

/**
 * The browser's copy holds what somebody else no longer shares with this customer. It can be deleted
 * only while nothing uses it.
 */
export function forgetAtNextStart(): void {
  localStorage.setItem(TO_FORGET, 'yes');
}

/** At a start, before anything uses the copy. */
export async function forgetWhatIsNotShared(): Promise<void> {
  if (!localStorage.getItem(TO_FORGET)) return;
  await deleteCopies().catch((error: unknown) => console.warn(error));
  localStorage.removeItem(TO_FORGET);
}
