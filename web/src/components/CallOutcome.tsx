import { Alert, Button, Text } from '@mantine/core';
import { useLayoutEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { CommandAnswer } from '../backend/callables';
import type { Device } from '../model/device';
import { canSendAgain, type Press } from '../model/press';
import { type Command, isUnderWay } from '../model/records';
import { type Standing, standingOf } from '../product';
import type { Call } from '../session/useCall';
import { Failure } from './Failure';
import { Passing } from './Passing';
import { useCommandWords } from './useCommandWords';

interface OutcomeProps {
  device: Device;
  press: Press;
  answer: CommandAnswer;
  commands: readonly Command[];
}

function colourOf(status: Standing): string {
  if (status === 'succeeded') return 'green';
  return status === 'refused' ? 'red' : 'yellow';
}

/** The answer to the call, and where that left it open, what has become of the command since. */
function Outcome({ device, press, answer, commands }: OutcomeProps) {
  const { t } = useTranslation();
  const words = useCommandWords(device);
  // Others may push it out of the list.
  const last = useRef<Command>(undefined);
  const { commandId, status: answered, returnValue } = answer;
  const seen = commands.find(({ id }) => id === commandId);
  if (seen) last.current = seen;
  const known = last.current?.id === commandId ? last.current : undefined;
  const command =
    known && (isUnderWay({ status: answered }) || known.replaced)
      ? known
      : { function: press.function, status: answered, returnValue: returnValue ?? undefined };
  const status = standingOf(device, command);
  const value = words.answer(command);
  const detail = words.detail(command);
  const main =
    status === 'succeeded' && value === undefined
      ? t('command.succeededWithoutAnswer')
      : t(`command.${status}`, { returnValue: value });
  const told = status === 'queued' ? [main, detail].filter(Boolean).join(' ') : (detail ?? main);
  // The room of a box that was shown before is kept until the next press: nothing moves meanwhile.
  const box = useRef<HTMLDivElement>(null);
  const height = useRef(0);
  useLayoutEffect(() => {
    height.current = Math.max(height.current, box.current?.offsetHeight ?? 0);
  });
  // An answer is there to be read; that all went well, to be noticed.
  const passes = status === 'succeeded' && value === undefined;
  if (passes && height.current === 0) return <Passing words={told} data-command={status} />;
  return (
    <div ref={box} style={{ minHeight: height.current }}>
      {passes ? (
        <Passing words={told} data-command={status} />
      ) : (
        <Alert role="status" color={colourOf(status)} data-command={status}>
          <Text size="sm">{told}</Text>
        </Alert>
      )}
    </div>
  );
}

interface CallOutcomeProps {
  device: Device;
  call: Call;
  /** The newest commands to the device, live. */
  commands: readonly Command[];
}

/** What became of a call, and the way on where that is not known. */
export function CallOutcome({ device, call, commands }: CallOutcomeProps) {
  const { t } = useTranslation();
  const words = useCommandWords(device);
  const { press, progress, send } = call;
  if (!press) return null;
  switch (progress.state) {
    case 'busy':
      return <Passing words={t('command.sending', { function: words.wish(press).name })} stays />;
    case 'done':
      return <Outcome device={device} press={press} answer={progress.result} commands={commands} />;
    case 'failed':
      return (
        <Failure problem={progress.problem}>
          {canSendAgain(progress.problem.reason) && (
            <>
              <Button mt="xs" size="compact-sm" variant="default" onClick={() => send(press)}>
                {t('device.again')}
              </Button>
              <Text size="xs" mt={4}>
                {t('device.againHint')}
              </Text>
            </>
          )}
        </Failure>
      );
    default:
      return null;
  }
}
