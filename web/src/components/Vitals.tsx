import { Group, Text } from '@mantine/core';
import { IconAntennaBars5, IconBattery3, IconBatteryCharging } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { speech } from '../messages/i18n';
import type { Device } from '../model/device';

function percent(value: number): string {
  return (value / 100).toLocaleString(speech.locale, { style: 'percent' });
}

/** Battery and signal, where the device tells. */
export function Vitals({ device: { battery, signal } }: { device: Device }) {
  const { t } = useTranslation();
  if (!battery && !signal) return null;
  const BatteryIcon = battery?.state === 'charging' ? IconBatteryCharging : IconBattery3;
  return (
    <Group gap="sm">
      {battery && (
        <Group gap={4} data-battery={battery.charge}>
          <BatteryIcon size={18} aria-hidden />
          <Text size="sm">{t('presence.battery', { charge: percent(battery.charge) })}</Text>
        </Group>
      )}
      {signal && (
        <Group gap={4} data-signal={signal.strength}>
          <IconAntennaBars5 size={18} aria-hidden />
          <Text size="sm">{t('presence.signal', { strength: percent(signal.strength) })}</Text>
        </Group>
      )}
    </Group>
  );
}
