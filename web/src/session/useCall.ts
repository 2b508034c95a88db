import { useState } from 'react';
import { type CommandAnswer, invokeFunction } from '../backend/callables';
import type { Press } from '../model/press';
import { type Progress, useAction } from './useAction';

export interface Call {
  /** The last press of this control. */
  press: Press | undefined;
  progress: Progress<CommandAnswer>;
  send: (press: Press) => Promise<Progress<CommandAnswer>>;
}

/** One control's calls of a function. */
export function useCall(): Call {
  const [progress, run] = useAction(invokeFunction);
  const [press, setPress] = useState<Press>();
  const send = (next: Press) => {
    setPress(next);
    return run(next);
  };
  return { press, progress, send };
}
