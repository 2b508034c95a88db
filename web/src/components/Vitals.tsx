import { Group, Text } from '@mantine/core';
import {
  IconAntennaBars1,
  IconAntennaBars2,
  IconAntennaBars3,
  IconAntennaBars4,
  IconAntennaBars5,
  IconBattery,
  IconBattery1,
  IconBattery2,
  IconBattery3,
  IconBattery4,
  IconBatteryCharging,
  type TablerIcon,
} from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { speech } from '../messages/i18n';
import type { Device } from '../model/device';
import { numberText } from '../model/numbers';

const BATTERIES = [IconBattery, IconBattery1, IconBattery2, IconBattery3, IconBattery4] as const;
const SIGNALS = [
  IconAntennaBars1,
  IconAntennaBars2,
  IconAntennaBars3,
  IconAntennaBars4,
  IconAntennaBars5,
] as const;

/** The one of five pictures that comes nearest. */
function picture(pictures: typeof BATTERIES | typeof SIGNALS, percents: number): TablerIcon {
  return pictures[Math.round(Math.min(Math.max(percents, 0), 100) / 25)] ?? pictures[0];
}

function percent(value: number): string {
  return numberText(value, { unit: '%', digits: 0 }, speech.locale);
}

/** Battery and signal, where the device tells. */
export function Vitals({ device: { battery, signal } }: { device: Device }) {
  const { t } = useTranslation();
  if (!battery && !signal) return null;
  const BatteryIcon =
    battery?.state === 'charging' ? IconBatteryCharging : picture(BATTERIES, battery?.charge ?? 0);
  const SignalIcon = picture(SIGNALS, signal?.strength ?? 0);
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
          <SignalIcon size={18} aria-hidden />
          <Text size="sm">{t('presence.signal', { strength: percent(signal.strength) })}</Text>
        </Group>
      )}
    </Group>
  );
}
