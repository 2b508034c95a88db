import { type ReactNode, useMemo } from 'react';
import type { CommandAnswer } from '../backend/callables';
import { watchCommand } from '../backend/live';
import type { Device } from '../model/device';
import { newPress, type Press } from '../model/press';
import type { Command } from '../model/records';
import type { Progress } from '../session/useAction';
import { useCall } from '../session/useCall';
import { useLive } from '../session/useLive';
import { CallOutcome } from './CallOutcome';

export interface Calling {
  /** The call that is under way. */
  busy: Press | undefined;
  send: (
    called: string,
    argument: string,
    queueSeconds?: number | undefined,
  ) => Promise<Progress<CommandAnswer>>;
  /** What became of the last one. */
  outcome: ReactNode;
  /** The command that this tells of. */
  commandId: string | undefined;
  /** All commands that are known, newest first: also the call that has no record yet. */
  calls: readonly Command[];
}

/** As a command, what is known of a call before its record is. */
function withoutRecord(press: Press, answer?: CommandAnswer): Command {
  return {
    id: answer?.commandId ?? press.requestId,
    function: press.function,
    argument: press.argument,
    status: answer?.status ?? 'sent',
    returnValue: answer?.returnValue ?? undefined,
    replaced: false,
    reason: undefined,
    createdAt: undefined,
    finishedAt: undefined,
    expiresAt: undefined,
  };
}

/** One control's calls of functions. */
export function useCalling(device: Device, commands: readonly Command[]): Calling {
  const call = useCall();
  const commandId = call.progress.state === 'done' ? call.progress.result.commandId : undefined;
  const own = useOwnCommand(device, commandId);
  const known = own ?? commands;
  const { press, progress } = call;
  const busy = progress.state === 'busy' ? press : undefined;
  const calls = useMemo(() => {
    if (busy) return [withoutRecord(busy), ...known];
    const hasNone = progress.state === 'done' && !known.some(({ id }) => id === commandId);
    return press && hasNone ? [withoutRecord(press, progress.result), ...known] : known;
  }, [busy, press, progress, known, commandId]);
  return {
    busy,
    send: (called, argument, queueSeconds) =>
      call.send(newPress(device.id, called, argument, queueSeconds)),
    outcome: <CallOutcome device={device} call={call} commands={known} />,
    commandId,
    calls,
  };
}

const nothing = () => () => undefined;

/** The last command of a guest, who has no list of commands; undefined for the owner. */
function useOwnCommand(
  { access: { role, ownerUid } }: Device,
  commandId: string | undefined,
): Command[] | undefined {
  const followed = role === 'owner' ? undefined : commandId;
  const live = useLive(
    useMemo(() => (followed ? watchCommand(ownerUid, followed) : nothing), [ownerUid, followed]),
  );
  return followed && live.state === 'shown' ? live.value : undefined;
}
