import { Stack } from '@mantine/core';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { eventsOf } from '../backend/logs';
import { speech } from '../messages/i18n';
import type { Device, DeviceEvent } from '../model/device';
import { shortTime } from '../model/times';
import { told } from '../product';
import { useLog } from '../session/useLog';
import { LogList } from './LiveList';
import { Reading } from './Reading';

/** What a device tells of itself, and not of what it measures. */
const OF_ITSELF: ReadonlyMap<string, 'connection' | 'vitals' | 'restart' | 'update'> = new Map([
  ['spark/status', 'connection'],
  ['spark/device/diagnostics/update', 'vitals'],
  ['spark/device/last_reset', 'restart'],
  ['spark/flash/status', 'update'],
]);

/** The events of a device, the newest live, older ones a page at a time. */
export function EventList({ device, now }: { device: Device; now: number }) {
  const { t } = useTranslation();
  const {
    id,
    claimedAt,
    access: { ownerUid },
  } = device;
  const words = ({ event, value }: DeviceEvent) => {
    const known = OF_ITSELF.get(event);
    return known ? { name: t(`device.itself.${known}`), value } : told(device, { event, value });
  };
  const log = useLog(useMemo(() => eventsOf(ownerUid, id, claimedAt), [ownerUid, id, claimedAt]));
  return (
    <LogList log={log} empty={t('device.noEvents')} older={t('device.older')}>
      {(events) => (
        <Stack component="ol" gap="xs" p={0} m={0} style={{ listStyle: 'none' }} data-events>
          {events.map((one) => (
            <li key={one.id} data-event={one.event}>
              <Reading
                {...words(one)}
                notes={one.notes}
                at={one.publishedAt}
                time={
                  one.publishedAt === undefined
                    ? undefined
                    : shortTime(one.publishedAt, now, speech.locale)
                }
              />
            </li>
          ))}
        </Stack>
      )}
    </LogList>
  );
}
