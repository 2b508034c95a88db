import { Button, Stack, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import { newPress } from '../model/press';
import { useCall } from '../session/useCall';
import { useChecks } from '../session/useChecks';
import { CallOutcome } from './CallOutcome';
import { ExactField } from './fields';

/** Calls a function of the device by its name. */
export function CallForm({ deviceId }: { deviceId: string }) {
  const { t } = useTranslation();
  const { identifier } = useChecks();
  const call = useCall();
  const form = useForm({
    initialValues: { name: '', argument: '' },
    validate: { name: identifier },
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
        <ExactField label={t('device.function')} {...form.getInputProps('name')} />
        <ExactField
          label={t('device.argument')}
          description={t('device.argumentHint')}
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
