import { Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { speech } from '../messages/i18n';
import type { Device } from '../model/device';
import { timeAgo } from '../model/times';
import { described, keyOf, newest, say } from '../product';
import type { ReadingDescription } from '../product/types';
import { useIsOnline } from '../session/useIsOnline';
import classes from './Reading.module.css';
import { Remarks } from './Remarks';
import { Value } from './Value';

/** Milliseconds. */
const FRESH_MS = 60_000;

function isFresh(at: number, { lastSeenAt }: Device): boolean {
  return lastSeenAt !== undefined && lastSeenAt - at < FRESH_MS;
}

interface ReadingsProps {
  device: Device;
  readings: readonly ReadingDescription[];
  now: number;
  /** Leaves out the times of values that are as new as the last thing heard of a device that is online. */
  brief?: boolean;
}

/** The newest values of a device, as its kind describes them. */
export function Readings({ device, readings, now, brief = false }: ReadingsProps) {
  const { t } = useTranslation();
  const online = useIsOnline(device, now);
  if (!readings.some((reading) => newest(device, reading))) return null;
  return (
    <Stack component="ul" gap="xs" p={0} m={0} style={{ listStyle: 'none' }}>
      {readings.map((reading) => {
        const seen = newest(device, reading);
        if (!seen) return null;
        const Icon = reading.icon;
        return (
          <li key={keyOf(reading)} data-latest={reading.event} data-reading={keyOf(reading)}>
            <div className={classes.reading} data-past={!online || undefined}>
              <Text component="span" size="sm" className={classes.name}>
                {Icon && <Icon size={16} aria-hidden className={classes.icon} />}
                {say(reading.name)}
              </Text>
              <Value value={described(seen.value, reading)} />
              {seen.at !== undefined && !(brief && online && isFresh(seen.at, device)) && (
                <Text
                  component="time"
                  dateTime={new Date(seen.at).toISOString()}
                  size="xs"
                  c="dimmed"
                  className={classes.time}
                >
                  {timeAgo(seen.at, now, speech.locale, t('common.justNow'))}
                </Text>
              )}
              <Remarks truncated={seen.truncated} notes={seen.notes} />
            </div>
          </li>
        );
      })}
    </Stack>
  );
}
