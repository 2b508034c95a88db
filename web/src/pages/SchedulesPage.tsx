import { Anchor, Badge, Button, Group, Stack, Switch, Text, TextInput } from '@mantine/core';
import { IconChevronLeft } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link as RouterLink, useParams } from 'react-router';
import { deleteSchedule, pauseSchedules, saveSchedule } from '../backend/callables';
import { watchSchedules } from '../backend/live';
import { isReason } from '../backend/problems';
import { AskFirst } from '../components/AskFirst';
import { BackToDevices } from '../components/BackToDevices';
import { Busy } from '../components/Busy';
import { Failure } from '../components/Failure';
import { LiveList } from '../components/LiveList';
import { Page } from '../components/Page';
import { ScheduleForm } from '../components/ScheduleForm';
import { Section } from '../components/Section';
import { useScheduleWords } from '../components/useScheduleWords';
import { speech } from '../messages/i18n';
import type { Device } from '../model/device';
import { byDue, DAYS, dayName, onDay, type Schedule } from '../model/schedules';
import { mayManage } from '../model/shares';
import { dateAndTime } from '../model/times';
import { useCustomer } from '../session/context';
import { useAction } from '../session/useAction';
import { useLive } from '../session/useLive';
import { useNow } from '../session/useNow';

const OUTCOMES = [
  'started',
  'succeeded',
  'queued',
  'failed',
  'unknown',
  'missed',
  'paused',
  'cancelled',
  'expired',
] as const;

function ScheduleRow({ device, schedule }: { device: Device; schedule: Schedule }) {
  const { t } = useTranslation();
  const words = useScheduleWords(device);
  const [changing, setChanging] = useState(false);
  const about = { deviceId: device.id, scheduleId: schedule.id };
  const [switched, switchTo] = useAction((enabled: boolean) =>
    saveSchedule({
      ...about,
      enabled,
      name: schedule.name,
      function: schedule.function,
      argument: schedule.argument,
      kind: schedule.kind,
      timeZone: schedule.timeZone,
      whenOffline: schedule.queue ? 'queue' : 'fail',
      ...(schedule.kind === 'time' && { time: schedule.time }),
      ...(schedule.at !== undefined && { at: new Date(schedule.at).toISOString() }),
      ...(schedule.kind !== 'once' && { days: schedule.days }),
      ...(schedule.latitude !== undefined &&
        schedule.longitude !== undefined && {
          latitude: schedule.latitude,
          longitude: schedule.longitude,
          offsetMinutes: schedule.offsetMinutes,
        }),
    }),
  );
  const [deleted, remove] = useAction(() => deleteSchedule(about));
  if (changing) {
    return (
      <li>
        <ScheduleForm device={device} schedule={schedule} done={() => setChanging(false)} />
      </li>
    );
  }
  const what = words.what(schedule);
  const when =
    schedule.kind === 'once'
      ? schedule.at !== undefined && dateAndTime(schedule.at, speech.locale)
      : `${words.time(schedule)}, ${words.days(schedule)}`;
  const off =
    schedule.disabledReason === 'creator-left'
      ? t('schedules.off.creator-left')
      : schedule.disabledReason
        ? t('schedules.off.other')
        : t('schedules.rests');
  const { last } = schedule;
  const outcome = OUTCOMES.find((one) => one === last?.outcome);
  const why = last && isReason(last.reason) ? ` ${t(`errors.${last.reason}`)}` : '';
  return (
    <Stack component="li" gap={4} data-schedule={schedule.enabled ? 'on' : 'off'}>
      <Group justify="space-between" gap="xs" wrap="nowrap" align="flex-start">
        <div style={{ minWidth: 0 }}>
          <Text size="sm" fw={600} style={{ overflowWrap: 'anywhere' }}>
            <bdi>{schedule.name}</bdi>
          </Text>
          {what !== schedule.name && (
            <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
              {what}
            </Text>
          )}
          <Text size="xs" c="dimmed">
            {when}
          </Text>
        </div>
        {!schedule.enabled && (
          <Badge tt="none" variant="default" style={{ flexShrink: 0 }}>
            {off}
          </Badge>
        )}
      </Group>
      {schedule.dueAt !== undefined && (
        <Text size="xs">
          {t('schedules.next', { time: dateAndTime(schedule.dueAt, speech.locale) })}
        </Text>
      )}
      {outcome && last?.dueAt !== undefined && (
        <Text size="xs" data-last={outcome}>
          {t('schedules.last', {
            outcome: t(`schedules.outcomes.${outcome}`),
            time: dateAndTime(last.dueAt, speech.locale),
          })}
          {why}
        </Text>
      )}
      {mayManage(device.access) && (
        <Group gap="sm">
          <Switch
            label={t('schedules.on')}
            aria-label={t('schedules.onNamed', { name: schedule.name })}
            checked={schedule.enabled}
            disabled={switched.state === 'busy'}
            onChange={(event) => void switchTo(event.currentTarget.checked)}
          />
          <Button
            size="compact-sm"
            variant="default"
            aria-label={t('schedules.changeNamed', { name: schedule.name })}
            onClick={() => setChanging(true)}
          >
            {t('schedules.change')}
          </Button>
          <AskFirst
            label={t('schedules.delete')}
            text={t('schedules.deleteText', { name: schedule.name })}
            yes={t('schedules.delete')}
            no={t('common.leaveIt')}
            progress={deleted}
            act={remove}
          >
            {null}
          </AskFirst>
        </Group>
      )}
      {switched.state === 'failed' && <Failure problem={switched.problem} />}
    </Stack>
  );
}

/** What happens on each day of the week. */
function Week({ device, schedules }: { device: Device; schedules: readonly Schedule[] }) {
  const { t } = useTranslation();
  const words = useScheduleWords(device);
  return (
    <Stack component="dl" gap={4} m={0}>
      {DAYS.map((day) => {
        const found = onDay(schedules, day);
        return (
          <Group key={day} wrap="nowrap" align="baseline" gap="sm" data-day={day}>
            <Text component="dt" size="sm" fw={600} w="3rem" style={{ flexShrink: 0 }}>
              {dayName(day, speech.locale)}
            </Text>
            <Text component="dd" size="sm" m={0} style={{ overflowWrap: 'anywhere' }}>
              {found.length === 0
                ? t('schedules.free')
                : found.map((one) => `${words.time(one)} ${one.name}`).join(' · ')}
            </Text>
          </Group>
        );
      })}
    </Stack>
  );
}

function Pause({ device }: { device: Device }) {
  const { t } = useTranslation();
  const now = useNow();
  const [day, setDay] = useState('');
  const [progress, pause] = useAction((until: string | undefined) =>
    pauseSchedules({ deviceId: device.id, ...(until !== undefined && { until }) }),
  );
  const until = device.schedulesPausedUntil;
  const rests = until !== undefined && until > now;
  const chosen = Date.parse(`${day}T00:00`);
  return (
    <Stack gap="sm">
      {rests ? (
        <>
          <Text size="sm" data-paused>
            {t('schedules.pausedUntil', { date: dateAndTime(until, speech.locale) })}
          </Text>
          <Group>
            <Button
              variant="default"
              loading={progress.state === 'busy'}
              onClick={() => void pause(undefined)}
            >
              {t('schedules.resume')}
            </Button>
          </Group>
        </>
      ) : (
        <form
          aria-label={t('schedules.pause')}
          onSubmit={(event) => {
            event.preventDefault();
            return pause(new Date(chosen).toISOString());
          }}
        >
          <Stack gap="sm">
            <Text size="sm">{t('schedules.pauseText')}</Text>
            <Group align="flex-end">
              <TextInput
                type="date"
                label={t('schedules.until')}
                value={day}
                onChange={(event) => setDay(event.currentTarget.value)}
              />
              <Button
                type="submit"
                variant="default"
                disabled={!(chosen > now)}
                loading={progress.state === 'busy'}
              >
                {t('schedules.pauseSubmit')}
              </Button>
            </Group>
          </Stack>
        </form>
      )}
      {progress.state === 'failed' && <Failure problem={progress.problem} />}
    </Stack>
  );
}

function Schedules({ device }: { device: Device }) {
  const { t } = useTranslation();
  const {
    id,
    claimEpoch,
    access: { ownerUid },
  } = device;
  const live = useLive(useMemo(() => watchSchedules(ownerUid, id), [ownerUid, id]));
  const mine =
    live.state === 'shown' ? live.value.filter((one) => one.claimEpoch === claimEpoch) : [];
  return (
    <div key={claimEpoch} style={{ display: 'contents' }}>
      <Section title={t('schedules.title')}>
        <LiveList live={live} empty={t('schedules.none')}>
          {() => (
            <Stack component="ul" gap="md" p={0} m={0} style={{ listStyle: 'none' }}>
              {mine.toSorted(byDue).map((schedule) => (
                <ScheduleRow key={schedule.id} device={device} schedule={schedule} />
              ))}
            </Stack>
          )}
        </LiveList>
      </Section>
      {mine.some(({ kind, enabled }) => enabled && kind !== 'once') && (
        <Section title={t('schedules.week')}>
          <Week device={device} schedules={mine} />
        </Section>
      )}
      {mayManage(device.access) ? (
        <>
          <Section title={t('schedules.new')}>
            <ScheduleForm device={device} />
          </Section>
          <Section title={t('schedules.pause')}>
            <Pause device={device} />
          </Section>
        </>
      ) : (
        <Text size="sm">{t('schedules.lookOnly')}</Text>
      )}
    </div>
  );
}

/** The schedules of a device: what it does when, by itself. */
export function SchedulesPage() {
  const { t } = useTranslation();
  const { deviceId = '' } = useParams();
  const { devices } = useCustomer();
  const device =
    devices.state === 'shown' ? devices.value.find(({ id }) => id === deviceId) : undefined;
  if (devices.state === 'loading') return <Busy />;
  if (!device) {
    return (
      <Page title={t('schedules.title')} above={<BackToDevices />}>
        <Text>{t('device.notFound')}</Text>
      </Page>
    );
  }
  return (
    <Page
      title={t('schedules.titleOf', { name: device.name })}
      above={
        <Anchor component={RouterLink} to={`/devices/${deviceId}`} size="sm">
          <Group component="span" gap={4}>
            <IconChevronLeft size={18} aria-hidden />
            {device.name}
          </Group>
        </Anchor>
      }
    >
      <Schedules device={device} />
    </Page>
  );
}
