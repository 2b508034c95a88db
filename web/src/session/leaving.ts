/** What is left to do when somebody has signed out, and must be done before the next one signs in. */

let leaving: Promise<void> = Promise.resolve();

/** Deletes what this browser keeps of their data; the module is loaded, since they were signed in. */
export function leave(): void {
  leaving = import('../backend/firestore')
    .then(({ forgetCopies }) => forgetCopies())
    // Another tab still holds the copy, and deletes it when it hears of the sign-out in its turn.
    .catch((error: unknown) => console.warn(error));
}

export function whenLeft(): Promise<void> {
  return leaving;
}
