import type { User } from 'firebase/auth';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { Live } from '../backend/insist';
import { watchProfile, writeProfile } from '../backend/live';
import { type Problem, toProblem } from '../backend/problems';
import { speech } from '../messages/i18n';
import { asName } from '../model/names';
import { PROFILE_TEXT_MAX, type Profile } from '../model/profile';
import { leaveIfDeleted, signUpSettled } from './account';
import { useLive } from './useLive';

/** Milliseconds between two questions to Auth whether an account that is refused still exists. */
const ASK_AGAIN = 10_000;

async function create(user: User): Promise<void> {
  await signUpSettled();
  await writeProfile(user.uid, {
    displayName: asName(user.displayName ?? '', PROFILE_TEXT_MAX),
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    locale: speech.locale,
  });
}

/** The rules refuse the document to those alone whose account was deleted. */
function closed(problem: Problem): Problem {
  return problem.reason === 'not-allowed' ? { reason: 'account-closed' } : problem;
}

/**
 * The customer's own document, live. Where there is none it is created: after sign-up, and for those
 * who signed up in another way or whose tab closed too early.
 */
export function useProfile(user: User): Live<Profile | undefined> {
  const live = useLive(useMemo(() => watchProfile(user.uid), [user.uid]));
  const [refusal, setRefusal] = useState<Problem>();
  // While a write is on its way the document seems to be there, and is missing again once it was
  // refused: that is no reason for another.
  const creating = useRef(false);
  const missing = live.state === 'shown' && !live.stale && live.value === undefined;
  useEffect(() => {
    if (!missing || refusal || creating.current) return;
    creating.current = true;
    create(user)
      .catch((error: unknown) => {
        setRefusal(closed(toProblem(error)));
      })
      .finally(() => {
        creating.current = false;
      });
  }, [missing, refusal, user]);
  const problem = missing ? refusal : live.state === 'failed' ? closed(live.problem) : undefined;
  const isClosed = problem?.reason === 'account-closed';
  useEffect(() => {
    if (!isClosed) return;
    // The data are refused a moment before the sign-in is ended.
    void leaveIfDeleted(user);
    const again = setInterval(() => void leaveIfDeleted(user), ASK_AGAIN);
    return () => clearInterval(again);
  }, [isClosed, user]);
  if (missing && refusal) {
    return { state: 'failed', problem: refusal, retry: () => setRefusal(undefined) };
  }
  return live.state === 'failed' && problem ? { ...live, problem } : live;
}
