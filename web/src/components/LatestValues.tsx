import { Stack } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { speech } from '../messages/i18n';
import type { Device, LatestValue } from '../model/device';
import { timeAgo } from '../model/times';
import { useIsOnline } from '../session/useIsOnline';
import { Reading } from './Reading';

interface LatestValuesProps {
  device: Device;
  /** Those of its values that are to be shown. */
  latest: LatestValue[];
  now: number;
}

/** The newest value of each event. */
export function LatestValues({ device, latest, now }: LatestValuesProps) {
  const { t } = useTranslation();
  const online = useIsOnline(device, now);
  if (latest.length === 0) return null;
  return (
    <Stack component="ul" gap="xs" p={0} m={0} style={{ listStyle: 'none' }}>
      {latest.map(({ event, value, publishedAt, truncated, notes }) => (
        <li key={event} data-latest={event}>
          <Reading
            name={event}
            value={value}
            truncated={truncated}
            notes={notes}
            at={publishedAt}
            past={!online}
            time={
              publishedAt === undefined
                ? undefined
                : timeAgo(publishedAt, now, speech.locale, t('common.justNow'))
            }
          />
        </li>
      ))}
    </Stack>
  );
}
