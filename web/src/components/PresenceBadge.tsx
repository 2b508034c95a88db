import { Badge } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Device } from '../model/device';
import { type PresenceState, presence } from '../model/presence';

const COLOURS: Record<PresenceState, string> = {
  online: 'green',
  asleep: 'blue',
  offline: 'red',
  silent: 'yellow',
  unknown: 'gray',
};

/** The word says it; the dot's colour only repeats it. */
export function PresenceBadge({ device, now }: { device: Device; now: number }) {
  const { t } = useTranslation();
  const state = presence(device, now);
  return (
    <Badge
      variant="dot"
      color={COLOURS[state]}
      data-presence={state}
      tt="none"
      style={{ flexShrink: 0 }}
    >
      {t(`presence.${state}`)}
    </Badge>
  );
}
