import { Button, Group, Stack, Switch, Text, TextInput } from '@mantine/core';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { saveNotifications } from '../backend/callables';
import { watchNotifications } from '../backend/live';
import { isTold, type Notifications } from '../model/notifications';
import { useCustomer } from '../session/context';
import { useAction } from '../session/useAction';
import { useLive } from '../session/useLive';
import { Busy } from './Busy';
import { Failure } from './Failure';
import { LiveFailure } from './LiveFailure';
import { Passing } from './Passing';

function QuietHoursForm({ notifications }: { notifications: Notifications }) {
  const { t } = useTranslation();
  const { quietHours } = notifications;
  const [from, setFrom] = useState(quietHours?.from ?? '22:00');
  const [to, setTo] = useState(quietHours?.to ?? '07:00');
  const [progress, save] = useAction((on: boolean) =>
    saveNotifications(
      on
        ? { quietHours: { from, to, timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone } }
        : { noQuietHours: true },
    ),
  );
  const busy = progress.state === 'busy';
  const isSaved = quietHours?.from === from && quietHours.to === to;
  return (
    <form
      aria-label={t('notifications.quiet')}
      onSubmit={(event) => {
        event.preventDefault();
        return save(true);
      }}
    >
      <Stack gap="sm">
        <Text size="sm">
          {quietHours
            ? t('notifications.quietOn', {
                from: quietHours.from,
                to: quietHours.to,
                zone: quietHours.timeZone,
              })
            : t('notifications.quietOff')}
        </Text>
        <Group align="flex-end" gap="sm">
          <TextInput
            type="time"
            label={t('notifications.from')}
            value={from}
            onChange={(event) => setFrom(event.currentTarget.value)}
          />
          <TextInput
            type="time"
            label={t('notifications.to')}
            value={to}
            onChange={(event) => setTo(event.currentTarget.value)}
          />
          <Button
            type="submit"
            variant="default"
            disabled={!from || !to || from === to || isSaved}
            loading={busy}
          >
            {t('notifications.quietSave')}
          </Button>
          {quietHours && (
            <Button variant="default" disabled={busy} onClick={() => void save(false)}>
              {t('notifications.quietEnd')}
            </Button>
          )}
        </Group>
        {progress.state === 'failed' && <Failure problem={progress.problem} />}
        {progress.state === 'done' && <Passing words={t('form.saved')} />}
      </Stack>
    </form>
  );
}

/** What the customer is told of alerts: by mail or not, when, and of which devices. */
export function NotificationSettings() {
  const { t } = useTranslation();
  const { uid, email, emailVerified, devices } = useCustomer();
  const live = useLive(useMemo(() => watchNotifications(uid), [uid]));
  const [progress, save] = useAction(saveNotifications);
  if (live.state === 'loading') return <Busy />;
  if (live.state === 'failed') return <LiveFailure live={live} />;
  const { value: notifications } = live;
  const busy = progress.state === 'busy';
  return (
    <Stack gap="md">
      <Switch
        label={t('notifications.email', { email })}
        description={emailVerified ? undefined : t('notifications.unverified')}
        checked={notifications.email && !notifications.suspended}
        disabled={busy}
        onChange={(event) => void save({ email: event.currentTarget.checked })}
      />
      {notifications.suspended && (
        <Text size="sm" role="status" data-suspended>
          {t('notifications.suspended')}
        </Text>
      )}
      {devices.state === 'shown' && devices.value.length > 0 && (
        <Stack component="ul" gap="xs" p={0} m={0} style={{ listStyle: 'none' }}>
          {devices.value.map(({ id, name, access }) => (
            <li key={id}>
              <Switch
                label={<bdi>{t('notifications.device', { name })}</bdi>}
                checked={isTold(notifications, id, access.role === 'owner')}
                disabled={busy}
                onChange={(event) => void save({ devices: { [id]: event.currentTarget.checked } })}
              />
            </li>
          ))}
        </Stack>
      )}
      {progress.state === 'failed' && <Failure problem={progress.problem} />}
      <QuietHoursForm notifications={notifications} />
    </Stack>
  );
}
