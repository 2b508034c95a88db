import { PasswordInput, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { deleteAccount } from '../backend/callables';
import { leaveAfter, signInAgain } from '../session/account';
import { useCustomer } from '../session/context';
import { useAction } from '../session/useAction';
import { AskFirst } from './AskFirst';

/** The end of the account, after a question and a fresh sign-in. */
export function DeleteAccount() {
  const { t } = useTranslation();
  const { hasPassword } = useCustomer();
  const [password, setPassword] = useState('');
  const [progress, erase] = useAction(async () => {
    // What cannot be undone is asked of the person, not of whoever holds their open browser.
    if (hasPassword) await signInAgain(password);
    else await (await import('../session/google')).signInWithGoogleAgain();
    await leaveAfter(() => deleteAccount({ confirm: 'delete' }));
  });
  return (
    <AskFirst
      label={t('account.delete')}
      text={t('account.deleteText')}
      yes={t('account.deleteSubmit')}
      no={t('account.deleteCancel')}
      disabled={hasPassword && !password}
      progress={progress}
      act={erase}
    >
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
    </AskFirst>
  );
}
