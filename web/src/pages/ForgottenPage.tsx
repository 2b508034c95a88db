import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { ActionForm } from '../components/ActionForm';
import { EmailField } from '../components/fields';
import { Told } from '../components/Told';
import { askForNewPassword } from '../session/account';
import { useActionForm } from '../session/useActionForm';
import { useChecks } from '../session/useChecks';
import { EntryPage } from './EntryPage';

/** Asks for a mail with a link to a new password. */
export function ForgottenPage() {
  const { t } = useTranslation();
  const { email } = useChecks();
  const { form, ...frame } = useActionForm({ email: '' }, { email }, (typed) =>
    askForNewPassword(typed.email.trim()),
  );
  return (
    <EntryPage
      title={t('forgotten.title')}
      question={t('forgotten.known')}
      answer={t('signUp.toSignIn')}
      to="/sign-in"
    >
      <ActionForm {...frame} submit={t('forgotten.submit')}>
        <Text size="sm">{t('forgotten.text')}</Text>
        <EmailField {...form.getInputProps('email')} />
        {frame.progress.state === 'done' && <Told words={t('forgotten.sent')} />}
      </ActionForm>
    </EntryPage>
  );
}
