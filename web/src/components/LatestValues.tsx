import { Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { speech } from '../messages/i18n';
import type { LatestValue } from '../model/device';
import { timeAgo } from '../model/times';
import { partsOf } from '../model/values';
import classes from './LatestValues.module.css';
import { Value } from './Value';

/** The newest value of each event. */
export function LatestValues({ latest, now }: { latest: LatestValue[]; now: number }) {
  const { t } = useTranslation();
  return (
    <Stack gap="sm">
      {latest.map(({ event, value, publishedAt, truncated }) => (
        <div key={event} className={classes.entry} data-event={event}>
          <Group gap="xs" justify="space-between" align="baseline" wrap="nowrap">
            <Text size="sm" className={classes.name}>
              {event}
            </Text>
            {publishedAt !== undefined && (
              <Text size="xs" c="dimmed" className={classes.ago}>
                {timeAgo(publishedAt, now, speech.locale, t('common.justNow'))}
              </Text>
            )}
          </Group>
          <div className={partsOf(value).length > 0 ? classes.parts : undefined}>
            <Value value={value} truncated={truncated} />
          </div>
        </div>
      ))}
    </Stack>
  );
}
