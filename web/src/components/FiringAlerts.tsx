import { Anchor, Stack, Text } from '@mantine/core';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { watchAlerts } from '../backend/live';
import { byUrgency } from '../model/alerts';
import type { Device } from '../model/device';
import { useLive } from '../session/useLive';
import { AlertRow } from './AlertRow';
import { LiveList } from './LiveList';

/** The alerts of a device that need somebody, and the way to all of them. */
export function FiringAlerts({ device, now }: { device: Device; now: number }) {
  const { t } = useTranslation();
  const {
    id,
    claimEpoch,
    access: { ownerUid },
  } = device;
  const alerts = useLive(useMemo(() => watchAlerts(ownerUid, id), [ownerUid, id]));
  return (
    <>
      <LiveList live={alerts} empty={t('alerts.none')}>
        {(all) => {
          const mine = all.filter((one) => one.claimEpoch === claimEpoch && one.enabled);
          const urgent = mine.filter(({ state }) => state !== 'normal').toSorted(byUrgency);
          if (urgent.length === 0) {
            return <Text size="sm">{t('alerts.quiet', { count: mine.length })}</Text>;
          }
          return (
            <Stack component="ul" gap="md" p={0} m={0} style={{ listStyle: 'none' }}>
              {urgent.map((alert) => (
                <AlertRow key={alert.id} device={device} alert={alert} now={now} />
              ))}
            </Stack>
          );
        }}
      </LiveList>
      <Anchor component={Link} to={`/devices/${id}/alerts`} size="sm">
        {t('alerts.all')}
      </Anchor>
    </>
  );
}
