import { Button, Code, CopyButton, Group, List, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { createClaimCode, listDevices } from '../backend/callables';
import { speech } from '../messages/i18n';
import type { Label } from '../model/label';
import { dateAndTime } from '../model/times';
import { useAction } from '../session/useAction';
import { Failure } from './Failure';

/** For devices that learn the Wi-Fi first, and are claimed by a code that they are handed then. */
export function WifiSetup({ label }: { label: () => Label | undefined }) {
  const { t } = useTranslation();
  const [made, make] = useAction(createClaimCode);
  const [checked, check] = useAction(() => listDevices({ refresh: true }));
  const code = made.state === 'done' ? made.result : undefined;
  return (
    <Stack gap="sm">
      <Text size="sm">{t('wifi.text')}</Text>
      <List type="ordered" size="sm" withPadding>
        <List.Item>{t('wifi.first')}</List.Item>
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
      {code && (
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
                <Button variant="default" size="compact-md" onClick={copy}>
                  {t(copied ? 'account.copied' : 'account.copy')}
                </Button>
              )}
            </CopyButton>
            <Button
              variant="default"
              size="compact-md"
              loading={checked.state === 'busy'}
              onClick={() => check()}
            >
              {t('wifi.check')}
            </Button>
          </Group>
          {checked.state === 'done' && <Text size="sm">{t('wifi.checked')}</Text>}
          {checked.state === 'failed' && <Failure problem={checked.problem} />}
        </Stack>
      )}
    </Stack>
  );
}
