import { Button, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import { isIdentifier } from '../model/inputs';
import { newPress } from '../model/press';
import { useCall } from '../session/useCall';
import { CallOutcome } from './CallOutcome';

/** Calls a function of the device by its name. */
export function CallForm({ deviceId }: { deviceId: string }) {
  const { t } = useTranslation();
  const call = useCall();
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { name: '', argument: '' },
    validate: { name: (name) => (isIdentifier(name.trim()) ? null : t('form.identifier')) },
  });
  return (
    <form
      noValidate
      onSubmit={form.onSubmit(({ name, argument }) =>
        call.send(newPress(deviceId, name.trim(), argument)),
      )}
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
        <Button type="submit" loading={call.progress.state === 'busy'}>
          {t('device.callSubmit')}
        </Button>
        <CallOutcome call={call} />
      </Stack>
    </form>
  );
}
