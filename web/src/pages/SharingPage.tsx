import { Anchor, Button, Group, NativeSelect, Stack, Text } from '@mantine/core';
import { IconChevronLeft } from '@tabler/icons-react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { Link as RouterLink, useParams } from 'react-router';
import {
  cancelInvitation,
  cancelTransfer,
  changeShare,
  endShare,
  offerTransfer,
} from '../backend/callables';
import { watchGuests, watchInvitations } from '../backend/live';
import { AskFirst } from '../components/AskFirst';
import { BackToDevices } from '../components/BackToDevices';
import { Busy } from '../components/Busy';
import { Failure } from '../components/Failure';
import { InviteForm, Link } from '../components/InviteForm';
import { LiveList } from '../components/LiveList';
import { Page } from '../components/Page';
import { Section } from '../components/Section';
import { speech } from '../messages/i18n';
import type { Device } from '../model/device';
import { byName } from '../model/order';
import { type Guest, type Invitation, mayManage, ROLES, type Role } from '../model/shares';
import { dateAndTime } from '../model/times';
import { useCustomer } from '../session/context';
import { useAction } from '../session/useAction';
import { useLive } from '../session/useLive';

/** Whether the customer may change or end what somebody has this role by. */
function isAbove(device: Device, role: Role | 'owner'): boolean {
  return device.access.role === 'owner' || role === 'viewer' || role === 'controller';
}

function GuestRow({ device, guest }: { device: Device; guest: Guest }) {
  const { t } = useTranslation();
  const { uid } = useCustomer();
  const [changed, change] = useAction((role: Role) =>
    changeShare({ deviceId: device.id, uid: guest.uid, role }),
  );
  const [ended, end] = useAction(() => endShare({ deviceId: device.id, uid: guest.uid }));
  const name = guest.name || guest.email || t('sharing.unnamed');
  const above = isAbove(device, guest.role) && guest.uid !== uid;
  const roles = ROLES.filter((role) => isAbove(device, role));
  return (
    <Stack component="li" gap={4} data-guest={guest.uid} data-role={guest.role}>
      <Group justify="space-between" gap="xs">
        <div>
          <Text size="sm" fw={600} style={{ overflowWrap: 'anywhere' }}>
            {guest.uid === uid ? t('sharing.yourself', { name }) : name}
          </Text>
          {guest.name && guest.email && (
            <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
              {guest.email}
            </Text>
          )}
          <Text size="xs" c="dimmed">
            {guest.expiresAt === undefined
              ? t('sharing.noEnd')
              : t('sharing.until', { date: dateAndTime(guest.expiresAt, speech.locale) })}
          </Text>
        </div>
        {above ? (
          <Group gap="xs">
            <NativeSelect
              aria-label={t('sharing.roleOf', { name })}
              value={guest.role}
              disabled={changed.state === 'busy'}
              onChange={(event) => void change(event.currentTarget.value as Role)}
              data={roles.map((one) => ({ value: one, label: t(`sharing.roles.${one}.name`) }))}
            />
            <Button
              variant="default"
              aria-label={t('sharing.endNamed', { name })}
              loading={ended.state === 'busy'}
              onClick={() => void end()}
            >
              {t('sharing.end')}
            </Button>
          </Group>
        ) : (
          <Text size="sm">{t(`sharing.roles.${guest.role}.name`)}</Text>
        )}
      </Group>
      {changed.state === 'failed' && <Failure problem={changed.problem} />}
      {ended.state === 'failed' && <Failure problem={ended.problem} />}
    </Stack>
  );
}

function InvitationRow({ device, invitation }: { device: Device; invitation: Invitation }) {
  const { t } = useTranslation();
  const { id, role, email, expiresAt } = invitation;
  const [progress, cancel] = useAction(async () => {
    if (role === 'owner') await cancelTransfer({ deviceId: device.id });
    else await cancelInvitation({ deviceId: device.id, invitationId: id });
  });
  const what = role === 'owner' ? t('sharing.transferOffer') : t(`sharing.roles.${role}.name`);
  return (
    <Stack component="li" gap={4} data-invitation={role}>
      <Group justify="space-between" gap="xs">
        <div>
          <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
            {email ? `${email} · ${what}` : `${t('sharing.byLink')} · ${what}`}
          </Text>
          {expiresAt !== undefined && (
            <Text size="xs" c="dimmed">
              {t('sharing.linkUntil', { date: dateAndTime(expiresAt, speech.locale) })}
            </Text>
          )}
        </div>
        {isAbove(device, role) && (
          <Button
            variant="default"
            loading={progress.state === 'busy'}
            onClick={() => void cancel()}
          >
            {t('sharing.cancel')}
          </Button>
        )}
      </Group>
      {progress.state === 'failed' && <Failure problem={progress.problem} />}
    </Stack>
  );
}

function HandOver({ device }: { device: Device }) {
  const { t } = useTranslation();
  const [progress, offer] = useAction(() => offerTransfer({ deviceId: device.id }));
  if (progress.state === 'done') {
    return (
      <Stack gap="xs" role="status" data-offered>
        <Text size="sm">{t('sharing.offered')}</Text>
        <Link link={progress.result.link} label={t('sharing.link')} />
      </Stack>
    );
  }
  return (
    <AskFirst
      label={t('sharing.handOver')}
      text={t('sharing.handOverText')}
      yes={t('sharing.handOverSubmit')}
      no={t('device.releaseCancel')}
      progress={progress}
      act={offer}
    >
      {null}
    </AskFirst>
  );
}

function Sharing({ device }: { device: Device }) {
  const { t } = useTranslation();
  const {
    id,
    claimEpoch,
    access: { ownerUid, role },
  } = device;
  const guests = useLive(useMemo(() => watchGuests(ownerUid, id), [ownerUid, id]));
  const invitations = useLive(useMemo(() => watchInvitations(ownerUid, id), [ownerUid, id]));
  return (
    <div key={claimEpoch} style={{ display: 'contents' }}>
      <Section title={t('sharing.guests')}>
        <LiveList live={guests} empty={t('sharing.noGuests')}>
          {(all) => (
            <Stack component="ul" gap="md" p={0} m={0} style={{ listStyle: 'none' }}>
              {all
                .toSorted((a, b) => byName(a.name || a.email, b.name || b.email))
                .map((guest) => (
                  <GuestRow key={guest.uid} device={device} guest={guest} />
                ))}
            </Stack>
          )}
        </LiveList>
      </Section>
      <Section title={t('sharing.invite')}>
        <InviteForm device={device} />
      </Section>
      <Section title={t('sharing.invitations')}>
        <LiveList live={invitations} empty={t('sharing.noInvitations')}>
          {(all) => (
            <Stack component="ul" gap="md" p={0} m={0} style={{ listStyle: 'none' }}>
              {all.map((invitation) => (
                <InvitationRow key={invitation.id} device={device} invitation={invitation} />
              ))}
            </Stack>
          )}
        </LiveList>
      </Section>
      {role === 'owner' && (
        <Section title={t('sharing.handOver')}>
          <HandOver device={device} />
        </Section>
      )}
    </div>
  );
}

/** Who else may use a device, and invitations to it. */
export function SharingPage() {
  const { t } = useTranslation();
  const { deviceId = '' } = useParams();
  const { devices } = useCustomer();
  const device =
    devices.state === 'shown' ? devices.value.find(({ id }) => id === deviceId) : undefined;
  if (devices.state === 'loading') return <Busy />;
  if (!device || !mayManage(device.access)) {
    return (
      <Page title={t('sharing.title')} above={<BackToDevices />}>
        <Text>{t('sharing.notYours')}</Text>
      </Page>
    );
  }
  return (
    <Page
      title={t('sharing.titleOf', { name: device.name })}
      above={
        <Anchor component={RouterLink} to={`/devices/${deviceId}`} size="sm">
          <Group component="span" gap={4}>
            <IconChevronLeft size={18} aria-hidden />
            {device.name}
          </Group>
        </Anchor>
      }
    >
      <Sharing device={device} />
    </Page>
  );
}
