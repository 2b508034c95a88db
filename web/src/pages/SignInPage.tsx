import { Anchor, PasswordInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { ActionForm } from '../components/ActionForm';
import { EmailField } from '../components/fields';
import { GoogleSignIn } from '../components/GoogleSignIn';
import { Told } from '../components/Told';
import { signIn } from '../session/account';
import { useActionForm } from '../session/useActionForm';
import { useChecks } from '../session/useChecks';
import { EntryPage } from './EntryPage';

/** `ended`: somebody was signed in here a moment ago, and is not any more. */
export function SignInPage({ ended }: { ended: boolean }) {
  const { t } = useTranslation();
  const { email, filled } = useChecks();
  const { form, ...frame } = useActionForm(
    { email: '', password: '' },
    { email, password: filled },
    (typed) => signIn(typed.email.trim(), typed.password),
  );
  return (
    <EntryPage
      title={t('signIn.title')}
      question={t('signIn.noAccount')}
      answer={t('signIn.toSignUp')}
      to="/sign-up"
    >
      {ended && <Told words={t('signIn.ended')} />}
      <ActionForm {...frame} submit={t('signIn.submit')}>
        <EmailField {...form.getInputProps('email')} />
        <PasswordInput
          label={t('signIn.password')}
          autoComplete="current-password"
          {...form.getInputProps('password')}
        />
        <Anchor component={Link} to="/forgotten" size="sm" underline="always">
          {t('signIn.forgotten')}
        </Anchor>
      </ActionForm>
      <GoogleSignIn />
    </EntryPage>
  );
}
