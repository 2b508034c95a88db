import { Button, Code, CopyButton, Group, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useTranslation } from 'react-i18next';
import { type CustomerToken, mintToken, revokeTokens } from '../backend/callables';
import { speech } from '../messages/i18n';
import { dateAndTime } from '../model/times';
import { useAction } from '../session/useAction';
import { Facts } from './Facts';
import { Failure } from './Failure';
import { Passing } from './Passing';

function Token({ token }: { token: CustomerToken }) {
  const { t } = useTranslation();
  const [shown, { toggle }] = useDisclosure(false);
  return (
    <Stack gap="sm" role="status">
      <Facts
        facts={[
          [t('account.customerId'), token.customerId],
          [t('account.expiresAt'), dateAndTime(Date.parse(token.expiresAt), speech.locale)],
        ]}
      />
      <Group>
        <Button variant="default" size="compact-sm" onClick={toggle} aria-expanded={shown}>
          {t(shown ? 'account.hide' : 'account.show')}
        </Button>
        <CopyButton value={token.accessToken}>
          {({ copied, copy }) => (
            <Button variant="default" size="compact-sm" onClick={copy}>
              {t(copied ? 'account.copied' : 'account.copy')}
            </Button>
          )}
        </CopyButton>
      </Group>
      {shown && (
        <div>
          <Text size="sm" c="dimmed">
            {t('account.token')}
          </Text>
          <Code block style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
            {token.accessToken}
          </Code>
        </div>
      )}
    </Stack>
  );
}

/** An access token for the customer's own programs. */
export function Developer() {
  const { t } = useTranslation();
  const [progress, mint] = useAction(() => mintToken({}));
  const [ended, revoke] = useAction(revokeTokens);
  return (
    <Stack gap="sm">
      <Group>
        <Button variant="default" onClick={() => mint()} loading={progress.state === 'busy'}>
          {t('account.mint')}
        </Button>
        <Button variant="default" onClick={() => revoke({})} loading={ended.state === 'busy'}>
          {t('account.revoke')}
        </Button>
      </Group>
      {ended.state === 'done' && <Passing words={t('account.revoked')} />}
      {ended.state === 'failed' && <Failure problem={ended.problem} />}
      {progress.state === 'failed' && <Failure problem={progress.problem} />}
      {progress.state === 'done' && (
        <Token key={progress.result.accessToken} token={progress.result} />
      )}
    </Stack>
  );
}
