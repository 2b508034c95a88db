import { Group, Stack, Text } from '@mantine/core';
import { lazy, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation, useParams } from 'react-router';
import { watchCommands } from '../backend/live';
import { ActivityList } from '../components/ActivityList';
import { BackToDevices } from '../components/BackToDevices';
import { Busy } from '../components/Busy';
import { CallForm } from '../components/CallForm';
import { CommandList } from '../components/CommandList';
import { Controls } from '../components/Controls';
import { EventList } from '../components/EventList';
import { Failure } from '../components/Failure';
import { LastSeen } from '../components/LastSeen';
import { LatestValues } from '../components/LatestValues';
import { LiveList } from '../components/LiveList';
import { LoadedPart } from '../components/LoadedPart';
import { ManageDevice } from '../components/ManageDevice';
import { Page } from '../components/Page';
import { PresenceBadge } from '../components/PresenceBadge';
import { ReadForm } from '../components/ReadForm';
import { Readings } from '../components/Readings';
import { Section } from '../components/Section';
import { Variables } from '../components/Variables';
import { Vitals } from '../components/Vitals';
import { speech } from '../messages/i18n';
import type { Device } from '../model/device';
import { dateAndTime } from '../model/times';
import { kindOf, undescribed } from '../product';
import { useCustomer } from '../session/context';
import { useLive } from '../session/useLive';
import { useNow } from '../session/useNow';

/** The charts are loaded with the first device that is looked at. */
const History = lazy(() => import('../components/History'));

const SHOWN_COMMANDS = 10;

function DeviceSections({ device }: { device: Device }) {
  const { t } = useTranslation();
  const now = useNow();
  const { uid } = useCustomer();
  const { id } = device;
  const commands = useLive(useMemo(() => watchCommands(uid, id, SHOWN_COMMANDS), [uid, id]));
  const sent = commands.state === 'shown' ? commands.value : [];
  const kind = kindOf(device);
  return (
    <>
      <Stack gap={2}>
        <Group gap="sm">
          <PresenceBadge device={device} now={now} />
          <LastSeen device={device} now={now} />
        </Group>
        <Vitals device={device} />
        <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
          {t('devices.serial', { serial: device.serialNumber })}
        </Text>
        {device.claimedAt !== undefined && (
          <Text size="sm" c="dimmed">
            {t('device.claimedAt', { date: dateAndTime(device.claimedAt, speech.locale) })}
          </Text>
        )}
      </Stack>
      <Section title={t('device.latest')}>
        {device.latest.length === 0 && <Text size="sm">{t('device.noValues')}</Text>}
        {kind && <Readings device={device} readings={kind.readings} now={now} />}
        <LatestValues latest={undescribed(device)} now={now} />
      </Section>
      <Section title={t('device.controls')}>
        {kind ? (
          <Controls device={device} controls={kind.controls} commands={sent} />
        ) : (
          <CallForm deviceId={device.id} />
        )}
      </Section>
      <Section title={t('device.history')}>
        <LoadedPart>
          <History device={device} />
        </LoadedPart>
      </Section>
      <Section title={t(kind ? 'device.variables' : 'device.read')}>
        {kind ? (
          <Variables deviceId={device.id} variables={kind.variables} />
        ) : (
          <ReadForm deviceId={device.id} />
        )}
      </Section>
      <Section title={t('device.commands')}>
        <LiveList live={commands} empty={t('device.noCommands')}>
          {(commands) => <CommandList device={device} commands={commands} now={now} />}
        </LiveList>
      </Section>
      <Section title={t('device.events')}>
        <EventList deviceId={device.id} now={now} />
      </Section>
      <Section title={t('device.activity')}>
        <ActivityList deviceId={device.id} now={now} />
      </Section>
      <Section title={t('device.manage')}>
        <ManageDevice device={device} />
      </Section>
    </>
  );
}

export function DevicePage() {
  const { t } = useTranslation();
  const { deviceId = '' } = useParams();
  const { devices } = useCustomer();
  const state: unknown = useLocation().state;
  const justAdded = typeof state === 'object' && state !== null && 'added' in state;
  const device =
    devices.state === 'shown' ? devices.value.find(({ id }) => id === deviceId) : undefined;
  if (device) {
    return (
      <Page title={device.name} above={<BackToDevices />} key={deviceId}>
        <DeviceSections device={device} />
      </Page>
    );
  }
  if (devices.state === 'failed') return <Failure problem={devices.problem} />;
  // A device that was added this moment is about to appear in the list.
  if (devices.state === 'loading' || justAdded) return <Busy />;
  return (
    <Page title={t('device.notFoundTitle')} above={<BackToDevices />}>
      <Text>{t(devices.stale ? 'common.notSynced' : 'device.notFound')}</Text>
    </Page>
  );
}
