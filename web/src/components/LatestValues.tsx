import { Stack } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { speech } from '../messages/i18n';
import type { LatestValue } from '../model/device';
import { timeAgo } from '../model/times';
import { Reading } from './Reading';

/** The newest value of each event. */
export function LatestValues({ latest, now }: { latest: LatestValue[]; now: number }) {
  const { t } = useTranslation();
  if (latest.length === 0) return null;
  return (
    <Stack component="ul" gap="xs" p={0} m={0} style={{ listStyle: 'none' }}>
      {latest.map(({ event, value, publishedAt, truncated }) => (
        <li key={event} data-latest={event}>
          <Reading
            name={event}
            value={value}
            truncated={truncated}
            at={publishedAt}
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
