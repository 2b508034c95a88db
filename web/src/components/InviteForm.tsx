import { Button, CopyButton, Group, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { lazy, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { shareDevice } from '../backend/callables';
import type { Device } from '../model/device';
import { isEmail } from '../model/inputs';
import { ROLES, type Role, wholeLink } from '../model/shares';
import { useAction } from '../session/useAction';
import { Failure } from './Failure';
import { LoadedPart } from './LoadedPart';

const QrCode = lazy(async () => ({ default: (await import('./QrCode')).QrCode }));

/** Days that a share lasts; 0 for no end. */
const LASTS = [0, 1, 7, 30] as const;
const DAY_MS = 86_400_000;

/** The link of an invitation, to be sent by hand. It is shown this once. */
export function Link({ link, label }: { link: string; label: string }) {
  const { t } = useTranslation();
  const whole = wholeLink(link, location.origin);
  return (
    <Stack gap="xs">
      <TextInput
        label={label}
        value={whole}
        readOnly
        onFocus={(event) => event.currentTarget.select()}
        data-link
      />
      <Group>
        <CopyButton value={whole}>
          {({ copied, copy }) => (
            <Button variant="default" onClick={copy}>
              {t(copied ? 'sharing.copied' : 'sharing.copy')}
            </Button>
          )}
        </CopyButton>
      </Group>
      <LoadedPart>
        <QrCode text={whole} label={t('sharing.qr')} />
      </LoadedPart>
    </Stack>
  );
}

/** Invites somebody: what they may do, until when, and by mail or by a link. */
export function InviteForm({ device }: { device: Device }) {
  const { t } = useTranslation();
  const roles = ROLES.filter((role) => device.access.role === 'owner' || role !== 'manager');
  const [role, setRole] = useState<Role>('viewer');
  const [lasts, setLasts] = useState(0);
  const [email, setEmail] = useState('');
  const [wrong, setWrong] = useState(false);
  const [progress, invite] = useAction(() =>
    shareDevice({
      deviceId: device.id,
      role,
      ...(email.trim() && { email: email.trim() }),
      ...(lasts > 0 && { expiresAt: new Date(Date.now() + lasts * DAY_MS).toISOString() }),
    }),
  );
  return (
    <form
      noValidate
      aria-label={t('sharing.invite')}
      onSubmit={(event) => {
        event.preventDefault();
        const bad = email.trim() !== '' && !isEmail(email);
        setWrong(bad);
        if (!bad) void invite();
      }}
    >
      <Stack gap="sm">
        <NativeSelect
          label={t('sharing.role')}
          description={t(`sharing.roles.${role}.text`)}
          value={role}
          onChange={(event) => setRole(event.currentTarget.value as Role)}
          data={roles.map((one) => ({ value: one, label: t(`sharing.roles.${one}.name`) }))}
        />
        <NativeSelect
          label={t('sharing.lasts')}
          value={String(lasts)}
          onChange={(event) => setLasts(Number(event.currentTarget.value))}
          data={LASTS.map((days) => ({
            value: String(days),
            label: days === 0 ? t('sharing.noEnd') : t('sharing.days', { count: days }),
          }))}
        />
        <TextInput
          label={t('sharing.email')}
          description={t('sharing.emailHint')}
          type="email"
          autoComplete="off"
          value={email}
          error={wrong && t('form.email')}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <Group>
          <Button type="submit" loading={progress.state === 'busy'}>
            {t('sharing.inviteSubmit')}
          </Button>
        </Group>
        {progress.state === 'failed' && <Failure problem={progress.problem} />}
        {progress.state === 'done' && (
          <Stack gap="xs" role="status" data-invited={progress.result.mailed ? 'mailed' : 'link'}>
            <Text size="sm">
              {t(progress.result.mailed ? 'sharing.mailed' : 'sharing.sendLink')}
            </Text>
            <Link link={progress.result.link} label={t('sharing.link')} />
          </Stack>
        )}
      </Stack>
    </form>
  );
}
