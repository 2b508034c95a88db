import { Button, Code, CopyButton, Group, List, Stack, Text } from '@mantine/core';
import { IconChevronDown, IconChevronUp } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { type ClaimCode, createClaimCode, listDevices } from '../backend/callables';
import { speech } from '../messages/i18n';
import { dateAndTime } from '../model/times';
import { useCustomer } from '../session/context';
import { useAction } from '../session/useAction';
import { theme } from '../theme/theme';
import { Failure } from './Failure';

/** Leads to the device that was not among the customer's when this appeared. */
function useArrival(): void {
  const navigate = useNavigate();
  const { devices } = useCustomer();
  const ids = devices.state === 'shown' ? devices.value.map(({ id }) => id) : [];
  const [before] = useState(() => (devices.state === 'shown' ? new Set(ids) : undefined));
  const arrived = before && ids.find((id) => !before.has(id));
  useEffect(() => {
    if (arrived) void navigate(`/devices/${arrived}`);
  }, [arrived, navigate]);
}

/** The code, for as long as it takes the device to present it. */
function Handover({ code }: { code: ClaimCode }) {
  const { t } = useTranslation();
  const [checked, check] = useAction(() => listDevices({ refresh: true }));
  useArrival();
  return (
    <Stack gap="xs" role="status">
      <Code block data-claim-code style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
        {code.claimCode}
      </Code>
      <Text size="sm">
        {t('wifi.until', { time: dateAndTime(Date.parse(code.expiresAt), speech.locale) })}
      </Text>
      <Group>
        <CopyButton value={code.claimCode}>
          {({ copied, copy }) => (
            <Button variant="default" size="compact-sm" onClick={copy}>
              {t(copied ? 'account.copied' : 'account.copy')}
            </Button>
          )}
        </CopyButton>
        <Button
          variant="default"
          size="compact-sm"
          loading={checked.state === 'busy'}
          onClick={() => check()}
        >
          {t('wifi.check')}
        </Button>
      </Group>
      {checked.state === 'done' && <Text size="sm">{t('wifi.checked')}</Text>}
      {checked.state === 'failed' && <Failure problem={checked.problem} />}
    </Stack>
  );
}

/**
 * For devices that learn the Wi-Fi first, and are claimed by a code that they are handed then. Folded:
 * most devices need none of it.
 */
export function WifiSetup({
  label,
}: {
  label: () => Parameters<typeof createClaimCode>[0] | undefined;
}) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const [made, make] = useAction(createClaimCode);
  const Sign = open ? IconChevronUp : IconChevronDown;
  return (
    <Stack gap="sm" component="section" aria-label={t('wifi.title')}>
      <Group>
        <Button
          variant="subtle"
          px={0}
          rightSection={<Sign size={18} aria-hidden />}
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {t('wifi.title')}
        </Button>
      </Group>
      {open && (
        <Stack gap="sm">
          <Text size="sm">{t('wifi.text')}</Text>
          <List type="ordered" size="sm" withPadding>
            <List.Item>{t(theme.setupCodes ? 'wifi.first' : 'wifi.firstWithoutCode')}</List.Item>
            <List.Item>{t('wifi.second')}</List.Item>
            <List.Item>{t('wifi.third')}</List.Item>
          </List>
          <Group>
            <Button
              variant="default"
              loading={made.state === 'busy'}
              onClick={() => {
                const typed = label();
                if (typed) void make(typed);
              }}
            >
              {t('wifi.make')}
            </Button>
          </Group>
          {made.state === 'failed' && <Failure problem={made.problem} />}
          {made.state === 'done' && <Handover code={made.result} />}
        </Stack>
      )}
    </Stack>
  );
}
