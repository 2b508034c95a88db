import { Button, Group, PasswordInput, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { deleteAccount } from '../backend/callables';
import { signInAgain, signOut } from '../session/account';
import { useCustomer } from '../session/context';
import { useAction } from '../session/useAction';
import { Failure } from './Failure';

/** The end of the account, after a question and a fresh sign-in. */
export function DeleteAccount() {
  const { t } = useTranslation();
  const { hasPassword } = useCustomer();
  const [asking, setAsking] = useState(false);
  const [password, setPassword] = useState('');
  const [progress, submit] = useAction(async () => {
    // What cannot be undone is asked of the person, not of whoever holds their open browser.
    if (hasPassword) await signInAgain(password);
    else await (await import('../session/google')).signInWithGoogleAgain();
    await deleteAccount({ confirm: 'delete' });
    await signOut();
  });
  if (!asking) {
    return (
      <Group>
        <Button
          variant="outline"
          color="red.9"
          c="var(--mantine-color-error)"
          onClick={() => setAsking(true)}
        >
          {t('account.delete')}
        </Button>
      </Group>
    );
  }
  return (
    <form
      aria-label={t('account.delete')}
      onSubmit={(event) => {
        event.preventDefault();
        return submit();
      }}
    >
      <Stack gap="sm">
        <Text size="sm">{t('account.deleteText')}</Text>
        {hasPassword ? (
          <PasswordInput
            label={t('signIn.password')}
            description={t('account.deletePassword')}
            autoComplete="current-password"
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
        ) : (
          <Text size="sm">{t('account.deleteGoogle')}</Text>
        )}
        <Group>
          <Button
            type="submit"
            color="red.9"
            disabled={hasPassword && !password}
            loading={progress.state === 'busy'}
          >
            {t('account.deleteSubmit')}
          </Button>
          <Button variant="default" onClick={() => setAsking(false)}>
            {t('account.deleteCancel')}
          </Button>
        </Group>
        {progress.state === 'failed' && <Failure problem={progress.problem} />}
      </Stack>
    </form>
  );
}
