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
