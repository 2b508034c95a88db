import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { speech } from '../messages/i18n';
import type { Device } from '../model/device';
import { dateAndTime, timeAgo } from '../model/times';

export function LastSeen({ device, now }: { device: Device; now: number }) {
  const { t } = useTranslation();
  const at = device.lastSeenAt;
  return (
    <Text size="sm" c="dimmed">
      {at === undefined ? (
        t('presence.never')
      ) : (
        <time dateTime={new Date(at).toISOString()} title={dateAndTime(at, speech.locale)}>
          {t('presence.lastSeen', { ago: timeAgo(at, now, speech.locale, t('common.justNow')) })}
        </time>
      )}
    </Text>
  );
}
