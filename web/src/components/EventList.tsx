import { Button, Group, Stack, Text } from '@mantine/core';
import { useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { readEventsBefore } from '../backend/history';
import { watchEvents } from '../backend/live';
import { speech } from '../messages/i18n';
import type { DeviceEvent } from '../model/device';
import { shortTime } from '../model/times';
import { useCustomer } from '../session/context';
import { useAction } from '../session/useAction';
import { useLive } from '../session/useLive';
import { Failure } from './Failure';
import { LiveList } from './LiveList';
import { Reading } from './Reading';

/** Followed live. */
const SHOWN_EVENTS = 20;
/** Read at a time when older ones are asked for. */
const PAGE = 50;

function newestFirst(events: Iterable<DeviceEvent>): DeviceEvent[] {
  return [...events].sort((a, b) => (b.publishedAt ?? 0) - (a.publishedAt ?? 0));
}

interface EventsProps {
  deviceId: string;
  /** The newest. */
  live: DeviceEvent[];
  now: number;
}

function Events({ deviceId, live, now }: EventsProps) {
  const { t } = useTranslation();
  const { uid } = useCustomer();
  // A new event pushes the last of the live ones out of their list; from the first page of older ones
  // on, it stays between the two.
  const seen = useRef(new Map<string, DeviceEvent>());
  const [paged, setPaged] = useState(false);
  const [ended, setEnded] = useState(false);
  const [progress, more] = useAction(async (before: number) => {
    const page = await readEventsBefore(uid, deviceId, before, PAGE);
    for (const event of page) seen.current.set(event.id, event);
    setPaged(true);
    setEnded(page.length < PAGE);
  });
  for (const event of live) seen.current.set(event.id, event);
  const shown = paged ? newestFirst(seen.current.values()) : live;
  const last = shown.at(-1)?.publishedAt;
  return (
    <Stack gap="sm">
      <Stack component="ol" gap="xs" p={0} m={0} style={{ listStyle: 'none' }} data-events>
        {shown.map(({ id, event, value, publishedAt }) => (
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
      {progress.state === 'failed' && <Failure problem={progress.problem} />}
      {ended ? (
        <Text size="sm" c="dimmed" role="status">
          {t('device.noOlder')}
        </Text>
      ) : (
        live.length === SHOWN_EVENTS &&
        last !== undefined && (
          <Group>
            <Button
              variant="default"
              size="compact-sm"
              loading={progress.state === 'busy'}
              onClick={() => more(last)}
            >
              {t('device.older')}
            </Button>
          </Group>
        )
      )}
    </Stack>
  );
}

/** The events of a device, the newest live, older ones a page at a time. */
export function EventList({ deviceId, now }: { deviceId: string; now: number }) {
  const { t } = useTranslation();
  const { uid } = useCustomer();
  const events = useLive(useMemo(() => watchEvents(uid, deviceId, SHOWN_EVENTS), [uid, deviceId]));
  return (
    <LiveList live={events} empty={t('device.noEvents')}>
      {(live) => <Events deviceId={deviceId} live={live} now={now} />}
    </LiveList>
  );
}
