import { Anchor, PasswordInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link, useLocation } from 'react-router';
import { ActionForm } from '../components/ActionForm';
import { EmailField } from '../components/fields';
import { GoogleSignIn } from '../components/GoogleSignIn';
import { Told } from '../components/Told';
import { signIn } from '../session/account';
import type { Farewell } from '../session/leaving';
import { useActionForm } from '../session/useActionForm';
import { useChecks } from '../session/useChecks';
import { EntryPage } from './EntryPage';

/** `farewell`: why somebody who was signed in here a moment ago is not any more. */
export function SignInPage({ farewell }: { farewell: Farewell | undefined }) {
  const { t } = useTranslation();
  const { email, filled } = useChecks();
  const { state } = useLocation();
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
      {farewell && <Told words={t(`signIn.${farewell}`)} />}
      <ActionForm {...frame} submit={t('signIn.submit')}>
        <EmailField {...form.getInputProps('email')} />
        <PasswordInput
          label={t('signIn.password')}
          autoComplete="current-password"
          {...form.getInputProps('password')}
        />
        <Anchor component={Link} to="/forgotten" state={state} size="sm" underline="always">
          {t('signIn.forgotten')}
        </Anchor>
      </ActionForm>
      <GoogleSignIn />
    </EntryPage>
  );
}
