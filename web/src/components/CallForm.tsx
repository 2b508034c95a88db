import { Alert, Button, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type CommandAnswer, invokeFunction } from '../backend/callables';
import { speech } from '../messages/i18n';
import { isIdentifier } from '../model/inputs';
import { canSendAgain, newPress, type Press } from '../model/press';
import { useAction } from '../session/useAction';
import { Failure } from './Failure';

/** What became of a call. */
function Outcome({ answer }: { answer: CommandAnswer }) {
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

/** Calls a function of the device by its name. */
export function CallForm({ deviceId }: { deviceId: string }) {
  const { t } = useTranslation();
  const [progress, send] = useAction((press: Press) => invokeFunction({ ...press }));
  const [press, setPress] = useState<Press>();
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { name: '', argument: '' },
    validate: { name: (name) => (isIdentifier(name.trim()) ? null : t('form.identifier')) },
  });
  const busy = progress.state === 'busy';
  return (
    <form
      noValidate
      onSubmit={form.onSubmit(({ name, argument }) => {
        const next = newPress(deviceId, name.trim(), argument);
        setPress(next);
        return send(next);
      })}
    >
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {t('device.callText')}
        </Text>
        <TextInput
          label={t('device.function')}
          autoCapitalize="off"
          autoComplete="off"
          autoCorrect="off"
          spellCheck={false}
          key={form.key('name')}
          {...form.getInputProps('name')}
        />
        <TextInput
          label={t('device.argument')}
          description={t('device.argumentHint')}
          autoCapitalize="off"
          autoComplete="off"
          autoCorrect="off"
          spellCheck={false}
          key={form.key('argument')}
          {...form.getInputProps('argument')}
        />
        <Button type="submit" loading={busy}>
          {t('device.callSubmit')}
        </Button>
        {busy && press && (
          <Text size="sm" role="status">
            {t('command.sending', { function: press.function })}
          </Text>
        )}
        {progress.state === 'done' && <Outcome answer={progress.result} />}
        {progress.state === 'failed' && (
          <Failure problem={progress.problem}>
            {press && canSendAgain(progress.problem.reason) && (
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
        )}
      </Stack>
    </form>
  );
}
