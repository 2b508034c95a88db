import { Group, Stack, Text } from '@mantine/core';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { watchEvents } from '../backend/live';
import { speech } from '../messages/i18n';
import { shortTime } from '../model/times';
import { useCustomer } from '../session/context';
import { useLive } from '../session/useLive';
import { Busy } from './Busy';
import { Failure } from './Failure';
import classes from './LatestValues.module.css';
import { Value } from './Value';

const SHOWN_EVENTS = 20;

/** The newest events of a device, live. */
export function EventList({ deviceId, now }: { deviceId: string; now: number }) {
  const { t } = useTranslation();
  const { uid } = useCustomer();
  const events = useLive(useMemo(() => watchEvents(uid, deviceId, SHOWN_EVENTS), [uid, deviceId]));
  if (events.state === 'loading') return <Busy />;
  if (events.state === 'failed') return <Failure problem={events.problem} />;
  if (events.value.length === 0) return <Text size="sm">{t('device.noEvents')}</Text>;
  return (
    <Stack component="ol" gap="sm" p={0} m={0} style={{ listStyle: 'none' }}>
      {events.value.map(({ id, event, value, publishedAt }) => (
        <li key={id} className={classes.entry} data-event={event}>
          <Group gap="xs" justify="space-between" align="baseline" wrap="nowrap">
            <Text size="sm" className={classes.name}>
              {event}
            </Text>
            {publishedAt !== undefined && (
              <Text size="xs" c="dimmed" className={classes.ago}>
                <time dateTime={new Date(publishedAt).toISOString()}>
                  {shortTime(publishedAt, now, speech.locale)}
                </time>
              </Text>
            )}
          </Group>
          <Value value={value} />
        </li>
      ))}
    </Stack>
  );
}
