import { Alert, Button, Group, Text } from '@mantine/core';
import { IconMail } from '@tabler/icons-react';
import { useCallback, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { askForVerification, isVerified } from '../session/account';
import { useCustomer } from '../session/context';
import { useAction } from '../session/useAction';
import { Failure } from './Failure';

/** Until the customer has followed the link in the mail; goes away by itself when they come back. */
export function VerifyNotice() {
  const { t } = useTranslation();
  const { email, emailVerified } = useCustomer();
  const [verified, setVerified] = useState(emailVerified);
  const [sent, send] = useAction(askForVerification);
  const look = useCallback(async () => setVerified(await isVerified()), []);
  const [checked, check] = useAction(look);
  useEffect(() => {
    if (verified) return;
    const come = () => {
      // Nobody has asked: what is told of a check is left to the button.
      if (document.visibilityState === 'visible') look().catch(console.warn);
    };
    document.addEventListener('visibilitychange', come);
    return () => document.removeEventListener('visibilitychange', come);
  }, [verified, look]);
  if (verified) return null;
  return (
    <Alert
      color="blue"
      icon={<IconMail aria-hidden />}
      title={t('verify.title')}
      data-verify="pending"
    >
      <Text size="sm">{t('verify.text', { email })}</Text>
      <Group gap="xs" mt="xs">
        <Button
          size="compact-sm"
          variant="default"
          loading={checked.state === 'busy'}
          onClick={() => check()}
        >
          {t('verify.check')}
        </Button>
        <Button
          size="compact-sm"
          variant="default"
          loading={sent.state === 'busy'}
          onClick={() => send()}
        >
          {t('verify.again')}
        </Button>
      </Group>
      {checked.state === 'done' && (
        <Text size="sm" role="status" mt="xs">
          {t('verify.notYet')}
        </Text>
      )}
      {sent.state === 'done' && (
        <Text size="sm" role="status" mt="xs">
          {t('verify.sent')}
        </Text>
      )}
      {sent.state === 'failed' && <Failure problem={sent.problem} />}
      {checked.state === 'failed' && <Failure problem={checked.problem} />}
    </Alert>
  );
}
