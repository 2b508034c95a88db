import { Stack, Text } from '@mantine/core';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { watchEvents } from '../backend/live';
import { speech } from '../messages/i18n';
import { shortTime } from '../model/times';
import { useCustomer } from '../session/context';
import { useLive } from '../session/useLive';
import { Busy } from './Busy';
import { Failure } from './Failure';
import { Reading } from './Reading';

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
    <Stack component="ol" gap="xs" p={0} m={0} style={{ listStyle: 'none' }}>
      {events.value.map(({ id, event, value, publishedAt }) => (
        <li key={id} data-event={event}>
          <Reading
            name={event}
            value={value}
            at={publishedAt}
            time={
              publishedAt === undefined ? undefined : shortTime(publishedAt, now, speech.locale)
            }
          />
        </li>
      ))}
    </Stack>
  );
}
