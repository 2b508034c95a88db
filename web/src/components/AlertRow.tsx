import { Badge, Button, Group, Stack, Switch, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { acknowledgeAlert, deleteAlert, saveAlert } from '../backend/callables';
import { speech } from '../messages/i18n';
import type { Alert } from '../model/alerts';
import type { Device } from '../model/device';
import { mayControl, mayManage } from '../model/shares';
import { shortTime } from '../model/times';
import { useAction } from '../session/useAction';
import { AlertForm } from './AlertForm';
import { AskFirst } from './AskFirst';
import { Failure } from './Failure';
import { COLOURS } from './FiringBadge';
import { useAlertWords } from './useAlertWords';

interface AlertRowProps {
  device: Device;
  alert: Alert;
  now: number;
  /** Whether it can be changed here. */
  changeable?: boolean;
}

/** An alert: how it stands, since when, and what can be done about it. */
export function AlertRow({ device, alert, now, changeable = false }: AlertRowProps) {
  const { t } = useTranslation();
  const words = useAlertWords(device);
  const [changing, setChanging] = useState(false);
  const about = { deviceId: device.id, alertId: alert.id };
  const [seen, acknowledge] = useAction(() => acknowledgeAlert(about));
  const [switched, switchTo] = useAction((enabled: boolean) => {
    const { name, severity, rule, remindHours } = alert;
    const common = {
      ...about,
      name,
      severity,
      enabled,
      ...(severity === 'critical' && { remindHours }),
    };
    if (rule.kind === 'silence') {
      const { event, ...rest } = rule;
      return saveAlert({ ...common, ...rest, ...(event && { event }) });
    }
    const { metric, clear, ...rest } = rule;
    return saveAlert({
      ...common,
      ...rest,
      ...(metric !== undefined && { metric }),
      ...(clear !== undefined && { clear }),
    });
  });
  const [deleted, remove] = useAction(() => deleteAlert(about));
  const watches = words.rule(alert.rule);
  const fires = alert.state === 'firing';
  const standing = !alert.enabled
    ? t(alert.flapping ? 'alerts.flapped' : 'alerts.off')
    : t(`alerts.states.${alert.state}`);
  const since =
    alert.enabled && alert.state !== 'normal' && alert.since !== undefined
      ? t('alerts.since', { time: shortTime(alert.since, now, speech.locale) })
      : '';
  const observed =
    alert.enabled && alert.state !== 'normal' && alert.observed !== undefined
      ? t('alerts.observed', { value: words.value(alert.rule, alert.observed) })
      : '';
  if (changing) {
    return (
      <li>
        <AlertForm device={device} alert={alert} done={() => setChanging(false)} />
      </li>
    );
  }
  return (
    <Stack component="li" gap={4} data-alert={alert.enabled ? alert.state : 'off'}>
      <Group justify="space-between" gap="xs" wrap="nowrap" align="flex-start">
        <div style={{ minWidth: 0 }}>
          <Text size="sm" fw={600} style={{ overflowWrap: 'anywhere' }}>
            <bdi>{alert.name}</bdi>
          </Text>
          {watches !== alert.name && (
            <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
              {watches}
            </Text>
          )}
        </div>
        <Badge
          tt="none"
          variant={fires ? 'filled' : 'default'}
          color={fires ? COLOURS[alert.severity] : undefined}
          style={{ flexShrink: 0 }}
        >
          {standing}
        </Badge>
      </Group>
      {(since || observed) && (
        <Text size="xs" style={{ overflowWrap: 'anywhere' }}>
          {[since, observed].filter(Boolean).join(' · ')}
        </Text>
      )}
      {fires && alert.acknowledgedAt !== undefined && (
        <Text size="xs" c="dimmed">
          {t('alerts.acknowledged', { time: shortTime(alert.acknowledgedAt, now, speech.locale) })}
        </Text>
      )}
      {fires && alert.acknowledgedAt === undefined && mayControl(device.access) && (
        <Group>
          <Button
            size="compact-sm"
            variant="default"
            aria-label={t('alerts.acknowledgeNamed', { name: alert.name })}
            loading={seen.state === 'busy'}
            onClick={() => void acknowledge()}
          >
            {t('alerts.acknowledge')}
          </Button>
        </Group>
      )}
      {seen.state === 'failed' && <Failure problem={seen.problem} />}
      {changeable && mayManage(device.access) && (
        <Group gap="sm">
          <Switch
            label={t('alerts.on')}
            aria-label={t('alerts.onNamed', { name: alert.name })}
            checked={alert.enabled}
            disabled={switched.state === 'busy'}
            onChange={(event) => void switchTo(event.currentTarget.checked)}
          />
          <Button
            size="compact-sm"
            variant="default"
            aria-label={t('alerts.changeNamed', { name: alert.name })}
            onClick={() => setChanging(true)}
          >
            {t('alerts.change')}
          </Button>
          <AskFirst
            label={t('alerts.delete')}
            text={t('alerts.deleteText', { name: alert.name })}
            yes={t('alerts.delete')}
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
