import { Anchor, Group, Paper, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { Device } from '../model/device';
import classes from './DeviceCard.module.css';
import { LastSeen } from './LastSeen';
import { LatestValues } from './LatestValues';
import { PresenceBadge } from './PresenceBadge';

/** So many events are shown on a card; the device's page has them all. */
const SHOWN_EVENTS = 3;

export function DeviceCard({ device, now }: { device: Device; now: number }) {
  const { t } = useTranslation();
  const rest = device.latest.length - SHOWN_EVENTS;
  return (
    <Paper withBorder p="md" className={classes.card} data-device={device.id}>
      <Stack gap="sm">
        <Group justify="space-between" wrap="nowrap" align="flex-start">
          <div className={classes.names}>
            <Anchor
              component={Link}
              to={`/devices/${device.id}`}
              fw={600}
              size="lg"
              className={classes.link}
            >
              {device.name}
            </Anchor>
            <LastSeen device={device} now={now} />
          </div>
          <PresenceBadge device={device} now={now} />
        </Group>
        {device.latest.length === 0 ? (
          <Text size="sm" c="dimmed">
            {t('devices.noValues')}
          </Text>
        ) : (
          <LatestValues latest={device.latest.slice(0, SHOWN_EVENTS)} now={now} />
        )}
        {rest > 0 && (
          <Text size="sm" c="dimmed">
            {t('devices.more', { count: rest })}
          </Text>
        )}
      </Stack>
    </Paper>
  );
}
