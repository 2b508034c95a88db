import { Group, Stack, Text } from '@mantine/core';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { activityOf } from '../backend/logs';
import { speech } from '../messages/i18n';
import type { Activity } from '../model/records';
import { shortTime } from '../model/times';
import { nameOfFunction } from '../product';
import { useCustomer } from '../session/context';
import { useLog } from '../session/useLog';
import { LogList } from './LiveList';

const KNOWN = [
  'signed-in',
  'token-minted',
  'tokens-revoked',
  'device-claimed',
  'device-released',
  'device-renamed',
  'foreign-claim-ended',
  'function-called',
  'claim-code-created',
  'command-cancelled',
  'device-transferred',
  'invitation-created',
  'invitation-cancelled',
  'share-accepted',
  'share-changed',
  'share-ended',
  'alert-saved',
  'alert-deleted',
  'alert-acknowledged',
  'schedule-saved',
  'schedule-deleted',
  'schedules-paused',
  'schedules-resumed',
] as const;

/** One sentence for each entry, that needs no other to be understood. */
function useWords(): (activity: Activity) => string {
  const { t } = useTranslation();
  const { devices } = useCustomer();
  return (activity) => {
    const { action, deviceId, by } = activity;
    const known = KNOWN.find((one) => one === action);
    const device =
      devices.state === 'shown' ? devices.value.find(({ id }) => id === deviceId) : undefined;
    const named = (name: string | undefined, otherwise: string) =>
      name ? t('activity.named', { name }) : otherwise;
    const called =
      device && activity.function
        ? nameOfFunction(device, activity.function, { on: t('common.on'), off: t('common.off') })
        : activity.function;
    const what = {
      action,
      device: named(activity.deviceName || device?.name, t('activity.aDevice')),
      former: named(activity.formerName, t('activity.aDevice')),
      function: named(called, t('activity.aCommand')),
      guest: activity.guestName && t('activity.withGuest', { name: activity.guestName }),
    };
    const done = known ? t(`activity.${known}`, what) : t('activity.other', what);
    if (activity.scheduled) return t('activity.bySchedule', { what: done });
    const who = by === '?' ? t('sharing.unnamed') : by;
    return who ? t('activity.by', { who, what: done }) : done;
  };
}

/** Who did what when, in the account or on one device, live. */
export function ActivityList({ deviceId, now }: { deviceId?: string; now: number }) {
  const { t } = useTranslation();
  const { uid } = useCustomer();
  const log = useLog(useMemo(() => activityOf(uid, deviceId), [uid, deviceId]));
  const words = useWords();
  return (
    <LogList log={log} empty={t('device.noActivity')} older={t('device.olderActivity')}>
      {(entries) => (
        <Stack component="ol" gap="xs" p={0} m={0} style={{ listStyle: 'none' }}>
          {entries.map((one) => (
            <Group
              key={one.id}
              component="li"
              justify="space-between"
              align="baseline"
              wrap="nowrap"
              data-activity={one.action}
            >
              <Text size="sm" miw={0} style={{ overflowWrap: 'anywhere' }}>
                {words(one)}
              </Text>
              {one.at !== undefined && (
                <Text size="xs" c="dimmed" style={{ flexShrink: 0 }}>
                  {shortTime(one.at, now, speech.locale)}
                </Text>
              )}
            </Group>
          ))}
        </Stack>
      )}
    </LogList>
  );
}
