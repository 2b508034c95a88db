import { Badge } from '@mantine/core';
import { IconBellRinging } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Severity } from '../model/alerts';
import type { Device } from '../model/device';

export const COLOURS: Record<Severity, string> = {
  info: 'blue.9',
  // Darker than the palette's darkest, which white letters cannot be read on.
  warning: '#a84300',
  critical: 'red.9',
};

/** How many alerts fire, where any do. */
export function FiringBadge({ device: { firing } }: { device: Device }) {
  const { t } = useTranslation();
  if (!firing) return null;
  return (
    <Badge
      color={COLOURS[firing.severity]}
      leftSection={<IconBellRinging size={14} aria-hidden />}
      tt="none"
      data-firing={firing.severity}
      style={{ flexShrink: 0, alignSelf: 'flex-start' }}
    >
      {t('alerts.firing', { count: firing.count })}
    </Badge>
  );
}
