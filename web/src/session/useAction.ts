import { useCallback, useRef, useState } from 'react';
import { type Problem, toProblem } from '../backend/problems';

export type Progress<Result> =
  | { state: 'idle' }
  | { state: 'busy' }
  | { state: 'done'; result: Result }
  | { state: 'failed'; problem: Problem };

/** Runs an action that a person asked for, and says how far it is, of the last run, and what came of each. */
export function useAction<Arguments extends unknown[], Result>(
  action: (...given: Arguments) => Promise<Result>,
): [Progress<Result>, (...given: Arguments) => Promise<Progress<Result>>] {
  const [progress, setProgress] = useState<Progress<Result>>({ state: 'idle' });
  const last = useRef(0);
  const current = useRef(action);
  current.current = action;
  const run = useCallback(async (...given: Arguments) => {
    last.current += 1;
    const mine = last.current;
    setProgress({ state: 'busy' });
    const reached: Progress<Result> = await current.current(...given).then(
      (result) => ({ state: 'done', result }),
      (error: unknown) => {
        const problem = toProblem(error);
        if (problem.reason === 'unexpected') console.error(error);
        return { state: 'failed', problem };
      },
    );
    if (mine === last.current) setProgress(reached);
    return reached;
  }, []);
  return [progress, run];
}
