import { Anchor, Group, Paper, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { Device } from '../model/device';
import { iconOf, onCard } from '../product';
import classes from './DeviceCard.module.css';
import { FiringBadge } from './FiringBadge';
import { LastSeen } from './LastSeen';
import { LatestValues } from './LatestValues';
import { PresenceBadge } from './PresenceBadge';
import { Readings } from './Readings';
import { SharedBy } from './SharedBy';
import { Vitals } from './Vitals';

/** So many events are shown on a card; the device's page has them all. */
const SHOWN_EVENTS = 3;

export function DeviceCard({ device, now }: { device: Device; now: number }) {
  const { t } = useTranslation();
  const readings = onCard(device, SHOWN_EVENTS);
  const rest = readings.length > 0 ? 0 : device.latest.length - SHOWN_EVENTS;
  const Icon = iconOf(device);
  return (
    <Paper withBorder p="md" className={classes.card} data-device={device.id}>
      <Stack gap="sm">
        <Group justify="space-between" wrap="nowrap" align="flex-start">
          <Icon size={28} aria-hidden className={classes.icon} />
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
        <FiringBadge device={device} />
        <SharedBy access={device.access} />
        <Vitals device={device} />
        {device.latest.length === 0 && (
          <Text size="sm" c="dimmed">
            {t('devices.noValues')}
          </Text>
        )}
        {readings.length > 0 ? (
          <Readings device={device} readings={readings} now={now} brief />
        ) : (
          <LatestValues device={device} latest={device.latest.slice(0, SHOWN_EVENTS)} now={now} />
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
