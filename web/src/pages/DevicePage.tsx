import { Anchor, Button, Group, Stack, Text } from '@mantine/core';
import { IconUsers } from '@tabler/icons-react';
import { lazy, type ReactNode, useEffect, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation, useNavigate, useParams } from 'react-router';
import { commandsOf } from '../backend/logs';
import { ActivityList } from '../components/ActivityList';
import { BackToDevices } from '../components/BackToDevices';
import { Busy } from '../components/Busy';
import { CallForm } from '../components/CallForm';
import { CommandList } from '../components/CommandList';
import { Controls } from '../components/Controls';
import { EventList } from '../components/EventList';
import { FiringAlerts } from '../components/FiringAlerts';
import { LastSeen } from '../components/LastSeen';
import { LatestValues } from '../components/LatestValues';
import { LeaveDevice } from '../components/LeaveDevice';
import { LiveFailure } from '../components/LiveFailure';
import { LogList } from '../components/LiveList';
import { LoadedPart } from '../components/LoadedPart';
import { ManageDevice } from '../components/ManageDevice';
import { Page } from '../components/Page';
import { PresenceBadge } from '../components/PresenceBadge';
import { ReadForm } from '../components/ReadForm';
import { Readings } from '../components/Readings';
import { Section } from '../components/Section';
import { SharedBy } from '../components/SharedBy';
import { Variables } from '../components/Variables';
import { Vitals } from '../components/Vitals';
import { speech } from '../messages/i18n';
import type { Device } from '../model/device';
import type { Command } from '../model/records';
import { mayControl, mayManage } from '../model/shares';
import { dateAndTime } from '../model/times';
import { kindOf, undescribed } from '../product';
import { useCustomer } from '../session/context';
import { useLog } from '../session/useLog';
import { useNow } from '../session/useNow';

/** The charts are loaded with the first device that is looked at. */
const History = lazy(() => import('../components/History'));

const NO_COMMANDS: Command[] = [];

/** A device of the customer's own: with everything that was sent to it. */
function OwnDevice({ device }: { device: Device }) {
  const { t } = useTranslation();
  const now = useNow();
  const {
    id,
    claimedAt,
    access: { ownerUid },
  } = device;
  const log = useLog(useMemo(() => commandsOf(ownerUid, id, claimedAt), [ownerUid, id, claimedAt]));
  return (
    <>
      <DeviceSections
        device={device}
        commands={log.live.state === 'shown' ? log.live.value : NO_COMMANDS}
        log={
          <Section title={t('device.commands')}>
            <LogList log={log} empty={t('device.noCommands')} older={t('device.olderCommands')}>
              {(shown) => <CommandList device={device} commands={shown} now={now} />}
            </LogList>
          </Section>
        }
      />
      <Section title={t('device.activity')}>
        <ActivityList deviceId={device.id} now={now} />
      </Section>
      <Section title={t('device.manage')}>
        <ManageDevice device={device} />
      </Section>
    </>
  );
}

/** A device of another customer: with what the guest's role allows. */
function SharedDevice({ device }: { device: Device }) {
  const { t } = useTranslation();
  return (
    <>
      <DeviceSections device={device} commands={NO_COMMANDS} log={null} />
      <Section title={t('device.manage')}>
        <ManageDevice device={device} />
        <LeaveDevice device={device} />
      </Section>
    </>
  );
}

interface DeviceSectionsProps {
  device: Device;
  commands: readonly Command[];
  log: ReactNode;
}

function DeviceSections({ device, commands, log }: DeviceSectionsProps) {
  const { t } = useTranslation();
  const now = useNow();
  const kind = kindOf(device);
  const { access } = device;
  return (
    <>
      <SharedBy access={access} />
      <Stack gap={2}>
        <Group gap="sm">
          <PresenceBadge device={device} now={now} />
          <LastSeen device={device} now={now} />
        </Group>
        <Vitals device={device} />
        <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
          {t('devices.serial', { serial: device.serialNumber })}
        </Text>
        {device.firmwareVersion !== undefined && (
          <Text size="sm" c="dimmed" data-firmware={device.firmwareVersion}>
            {t('device.firmware', { version: device.firmwareVersion })}
          </Text>
        )}
        {access.role === 'owner' && device.claimedAt !== undefined && (
          <Text size="sm" c="dimmed">
            {t('device.claimedAt', { date: dateAndTime(device.claimedAt, speech.locale) })}
          </Text>
        )}
      </Stack>
      <Section title={t('alerts.title')}>
        <FiringAlerts device={device} now={now} />
      </Section>
      <Section title={t('device.latest')}>
        {device.latest.length === 0 && <Text size="sm">{t('device.noValues')}</Text>}
        {kind && <Readings device={device} readings={kind.readings} now={now} />}
        <LatestValues device={device} latest={undescribed(device)} now={now} />
      </Section>
      {kind?.controls.length !== 0 && (
        <Section title={t('device.controls')}>
          {!mayControl(access) ? (
            <Text size="sm">{t('sharing.lookOnly')}</Text>
          ) : kind ? (
            <Controls device={device} controls={kind.controls} commands={commands} />
          ) : (
            <CallForm device={device} commands={commands} />
          )}
          <Anchor component={Link} to={`/devices/${device.id}/schedules`} size="sm">
            {t('schedules.open')}
          </Anchor>
        </Section>
      )}
      <Section title={t('device.history')}>
        <LoadedPart>
          <History device={device} />
        </LoadedPart>
      </Section>
      {kind?.variables.length !== 0 && (
        <Section title={t(kind ? 'device.variables' : 'device.read')}>
          {kind ? (
            <Variables deviceId={device.id} variables={kind.variables} />
          ) : (
            <ReadForm deviceId={device.id} />
          )}
        </Section>
      )}
      {log}
      <Section title={t('device.events')}>
        <EventList device={device} now={now} />
      </Section>
    </>
  );
}

/**
 * Whether the device was added this moment and is about to appear. Once it has, the page's place in
 * the history forgets it: who comes back there after the device has gone waits for nothing.
 */
function useJustAdded(seen: boolean): boolean {
  const { pathname, state }: { pathname: string; state: unknown } = useLocation();
  const navigate = useNavigate();
  const added = typeof state === 'object' && state !== null && 'added' in state;
  useEffect(() => {
    if (added && seen) void navigate(pathname, { replace: true });
  }, [added, seen, navigate, pathname]);
  return added;
}

export function DevicePage() {
  const { t } = useTranslation();
  const { deviceId = '' } = useParams();
  const { devices, ended } = useCustomer();
  const device =
    devices.state === 'shown' ? devices.value.find(({ id }) => id === deviceId) : undefined;
  const justAdded = useJustAdded(device !== undefined);
  if (device) {
    return (
      <Page
        title={device.name}
        above={<BackToDevices />}
        beside={
          mayManage(device.access) && (
            <Button
              component={Link}
              to={`/devices/${deviceId}/sharing`}
              variant="default"
              px="sm"
              leftSection={<IconUsers size={20} aria-hidden />}
            >
              {t('sharing.open')}
            </Button>
          )
        }
        key={deviceId}
      >
        {device.access.role === 'owner' ? (
          <OwnDevice device={device} />
        ) : (
          <SharedDevice device={device} />
        )}
      </Page>
    );
  }
  if (devices.state === 'failed') return <LiveFailure live={devices} />;
  if (ended.has(deviceId)) {
    return (
      <Page title={t('sharing.endedTitle')} above={<BackToDevices />}>
        <Text data-ended>{t('sharing.ended')}</Text>
      </Page>
    );
  }
  // A device that was added this moment is about to appear in the list.
  if (devices.state === 'loading' || justAdded) return <Busy />;
  return (
    <Page title={t('device.notFoundTitle')} above={<BackToDevices />}>
      <Text>{t(devices.stale ? 'common.notSynced' : 'device.notFound')}</Text>
    </Page>
  );
}
