import { Alert, Button, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { CommandAnswer } from '../backend/callables';
import { speech } from '../messages/i18n';
import { canSendAgain } from '../model/press';
import type { Call } from '../session/useCall';
import { Failure } from './Failure';

function Answer({ answer }: { answer: CommandAnswer }) {
  const { t } = useTranslation();
  const { status, returnValue } = answer;
  const done = status === 'succeeded';
  const words =
    done && typeof returnValue !== 'number'
      ? t('command.succeededWithoutAnswer')
      : t(`command.${status}`, { returnValue: returnValue?.toLocaleString(speech.locale) });
  return (
    <Alert role="status" color={done ? 'green' : 'yellow'} data-command={status}>
      <Text size="sm">{words}</Text>
    </Alert>
  );
}

/** What became of a call, and the way on where that is not known. */
export function CallOutcome({ call: { press, progress, send } }: { call: Call }) {
  const { t } = useTranslation();
  if (!press) return null;
  switch (progress.state) {
    case 'busy':
      return (
        <Text size="sm" role="status">
          {t('command.sending', { function: press.function })}
        </Text>
      );
    case 'done':
      return <Answer answer={progress.result} />;
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
