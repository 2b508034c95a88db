import { Anchor, Button, Group, Stack, Text } from '@mantine/core';
import { IconChevronLeft } from '@tabler/icons-react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { Link as RouterLink, useParams } from 'react-router';
import { saveAlert, type WantedAlert } from '../backend/callables';
import { watchAlerts } from '../backend/live';
import { AlertForm } from '../components/AlertForm';
import { AlertLog } from '../components/AlertLog';
import { AlertRow } from '../components/AlertRow';
import { BackToDevices } from '../components/BackToDevices';
import { Busy } from '../components/Busy';
import { Failure } from '../components/Failure';
import { LiveList } from '../components/LiveList';
import { Page } from '../components/Page';
import { Section } from '../components/Section';
import { useAlertWords } from '../components/useAlertWords';
import { byUrgency, type Rule } from '../model/alerts';
import type { Device } from '../model/device';
import { mayManage } from '../model/shares';
import { say } from '../product';
import { suggested } from '../product/alerts';
import type { SuggestedAlert } from '../product/types';
import { useCustomer } from '../session/context';
import { useAction } from '../session/useAction';
import { useLive } from '../session/useLive';
import { useNow } from '../session/useNow';

function ruleOf(suggestion: SuggestedAlert): Rule {
  if ('silentSeconds' in suggestion) {
    return { kind: 'silence', event: undefined, silentSeconds: suggestion.silentSeconds };
  }
  const { event, part, op, value, clear, forSeconds = 0 } = suggestion;
  return { kind: 'threshold', event, metric: part, op, value, clear, forSeconds };
}

function wanted(device: Device, suggestion: SuggestedAlert): WantedAlert {
  const about = {
    deviceId: device.id,
    name: say(suggestion.name),
    severity: suggestion.severity,
    enabled: true,
  };
  if ('silentSeconds' in suggestion) {
    return { ...about, kind: 'silence', silentSeconds: suggestion.silentSeconds };
  }
  const { event, part, op, value, clear, forSeconds = 0 } = suggestion;
  return {
    ...about,
    kind: 'threshold',
    event,
    op,
    value,
    forSeconds,
    ...(part !== undefined && { metric: part }),
    ...(clear !== undefined && { clear }),
  };
}

function Suggestion({ device, suggestion }: { device: Device; suggestion: SuggestedAlert }) {
  const { t } = useTranslation();
  const words = useAlertWords(device);
  const [progress, add] = useAction(() => saveAlert(wanted(device, suggestion)));
  const name = say(suggestion.name);
  return (
    <Stack component="li" gap={4}>
      <Group justify="space-between" gap="xs" wrap="nowrap">
        <div style={{ minWidth: 0 }}>
          <Text size="sm" fw={600}>
            {name}
          </Text>
          <Text size="xs" c="dimmed">
            {words.rule(ruleOf(suggestion))}
          </Text>
        </div>
        <Button
          variant="default"
          aria-label={t('alerts.addNamed', { name })}
          loading={progress.state === 'busy'}
          onClick={() => void add()}
        >
          {t('alerts.add')}
        </Button>
      </Group>
      {progress.state === 'failed' && <Failure problem={progress.problem} />}
    </Stack>
  );
}

function Alerts({ device }: { device: Device }) {
  const { t } = useTranslation();
  const now = useNow();
  const {
    id,
    claimEpoch,
    access: { ownerUid },
  } = device;
  const live = useLive(useMemo(() => watchAlerts(ownerUid, id), [ownerUid, id]));
  const names = new Set(live.state === 'shown' ? live.value.map(({ name }) => name) : []);
  const offered =
    live.state === 'shown' ? suggested(device).filter(({ name }) => !names.has(say(name))) : [];
  return (
    <div key={claimEpoch} style={{ display: 'contents' }}>
      <Section title={t('alerts.title')}>
        <LiveList live={live} empty={t('alerts.none')}>
          {(all) => (
            <Stack component="ul" gap="md" p={0} m={0} style={{ listStyle: 'none' }}>
              {all
                .filter((one) => one.claimEpoch === claimEpoch)
                .toSorted(byUrgency)
                .map((alert) => (
                  <AlertRow key={alert.id} device={device} alert={alert} now={now} changeable />
                ))}
            </Stack>
          )}
        </LiveList>
      </Section>
      {mayManage(device.access) ? (
        <>
          {offered.length > 0 && (
            <Section title={t('alerts.suggested')}>
              <Stack component="ul" gap="md" p={0} m={0} style={{ listStyle: 'none' }}>
                {offered.map((one) => (
                  <Suggestion key={say(one.name)} device={device} suggestion={one} />
                ))}
              </Stack>
            </Section>
          )}
          <Section title={t('alerts.new')}>
            <AlertForm device={device} />
          </Section>
        </>
      ) : (
        <Text size="sm">{t('alerts.lookOnly')}</Text>
      )}
      <Section title={t('alerts.logTitle')}>
        <AlertLog device={device} now={now} />
      </Section>
      <Text size="sm">
        <Anchor component={RouterLink} to="/account">
          {t('alerts.settings')}
        </Anchor>
      </Text>
    </div>
  );
}

/** The alerts of a device: how they stand, their rules, and what has become of them. */
export function AlertsPage() {
  const { t } = useTranslation();
  const { deviceId = '' } = useParams();
  const { devices } = useCustomer();
  const device =
    devices.state === 'shown' ? devices.value.find(({ id }) => id === deviceId) : undefined;
  if (devices.state === 'loading') return <Busy />;
  if (!device) {
    return (
      <Page title={t('alerts.title')} above={<BackToDevices />}>
        <Text>{t('device.notFound')}</Text>
      </Page>
    );
  }
  return (
    <Page
      title={t('alerts.titleOf', { name: device.name })}
      above={
        <Anchor component={RouterLink} to={`/devices/${deviceId}`} size="sm">
          <Group component="span" gap={4}>
            <IconChevronLeft size={18} aria-hidden />
            {device.name}
          </Group>
        </Anchor>
      }
    >
      <Alerts device={device} />
    </Page>
  );
}
