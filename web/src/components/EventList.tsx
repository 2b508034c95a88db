import { Stack } from '@mantine/core';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { eventsOf } from '../backend/logs';
import { speech } from '../messages/i18n';
import type { Device } from '../model/device';
import { shortTime } from '../model/times';
import { told } from '../product';
import { useCustomer } from '../session/context';
import { useLog } from '../session/useLog';
import { LogList } from './LiveList';
import { Reading } from './Reading';

/** The events of a device, the newest live, older ones a page at a time. */
export function EventList({ device, now }: { device: Device; now: number }) {
  const { t } = useTranslation();
  const { uid } = useCustomer();
  const { id, claimedAt } = device;
  const log = useLog(useMemo(() => eventsOf(uid, id, claimedAt), [uid, id, claimedAt]));
  return (
    <LogList log={log} empty={t('device.noEvents')} older={t('device.older')}>
      {(events) => (
        <Stack component="ol" gap="xs" p={0} m={0} style={{ listStyle: 'none' }} data-events>
          {events.map(({ id, event, value, publishedAt }) => (
            <li key={id} data-event={event}>
              <Reading
                {...told(device, { event, value })}
                at={publishedAt}
                time={
                  publishedAt === undefined ? undefined : shortTime(publishedAt, now, speech.locale)
                }
              />
            </li>
          ))}
        </Stack>
      )}
    </LogList>
  );
}
