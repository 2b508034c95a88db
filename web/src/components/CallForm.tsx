import { Button, Stack, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import type { Device } from '../model/device';
import type { Command } from '../model/records';
import { useChecks } from '../session/useChecks';
import { useKeptFocus } from '../session/useKeptFocus';
import { ExactField } from './fields';
import { useCalling } from './useCalling';

interface CallFormProps {
  device: Device;
  /** The newest commands, newest first. */
  commands: readonly Command[];
}

/** Calls a function of the device by its name. */
export function CallForm({ device, commands }: CallFormProps) {
  const { t } = useTranslation();
  const { identifier } = useChecks();
  const { busy, send, outcome } = useCalling(device, commands);
  const button = useKeptFocus<HTMLButtonElement>(busy !== undefined);
  const form = useForm({
    initialValues: { name: '', argument: '' },
    validate: { name: identifier },
  });
  return (
    <form noValidate onSubmit={form.onSubmit(({ name, argument }) => send(name.trim(), argument))}>
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
        <Button type="submit" ref={button} loading={busy !== undefined}>
          {t('device.callSubmit')}
        </Button>
        {outcome}
      </Stack>
    </form>
  );
}
