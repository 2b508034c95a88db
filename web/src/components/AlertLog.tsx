import { Group, Stack, Text } from '@mantine/core';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { alertLogOf } from '../backend/logs';
import { speech } from '../messages/i18n';
import type { Device } from '../model/device';
import { shortTime } from '../model/times';
import { useLog } from '../session/useLog';
import { LogList } from './LiveList';

/** When alerts of a device began and ceased to fire. */
export function AlertLog({ device, now }: { device: Device; now: number }) {
  const { t } = useTranslation();
  const {
    id,
    claimedAt,
    access: { ownerUid },
  } = device;
  const log = useLog(useMemo(() => alertLogOf(ownerUid, id, claimedAt), [ownerUid, id, claimedAt]));
  return (
    <LogList log={log} empty={t('alerts.noLog')} older={t('alerts.olderLog')}>
      {(entries) => (
        <Stack component="ol" gap="xs" p={0} m={0} style={{ listStyle: 'none' }}>
          {entries.map((one) => (
            <Group
              key={one.id}
              component="li"
              justify="space-between"
              align="baseline"
              wrap="nowrap"
              data-entry={one.what}
            >
              <Text size="sm" miw={0} style={{ overflowWrap: 'anywhere' }}>
                {t(`alerts.log.${one.what}`, { name: one.name })}
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
