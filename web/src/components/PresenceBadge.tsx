import { Badge } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Device } from '../model/device';
import { type PresenceState, presence } from '../model/presence';
import { useCustomer } from '../session/context';

const COLOURS: Record<PresenceState, string> = {
  online: 'green',
  asleep: 'blue',
  offline: 'red',
  silent: 'yellow',
  unknown: 'gray',
};

/** The word says it; the dot's colour only repeats it. Without a connection it is the past that is told. */
export function PresenceBadge({ device, now }: { device: Device; now: number }) {
  const { t } = useTranslation();
  const { cutOff } = useCustomer();
  const state = presence(device, now);
  return (
    <Badge
      variant="dot"
      color={cutOff ? 'gray' : COLOURS[state]}
      data-presence={cutOff ? `was-${state}` : state}
      tt="none"
      style={{ flexShrink: 0 }}
    >
      {t(cutOff ? `presence.was.${state}` : `presence.${state}`)}
    </Badge>
  );
}
