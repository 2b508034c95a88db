import { useTranslation } from 'react-i18next';
import { ActionForm } from '../components/ActionForm';
import { EmailField, NameField, NewPasswordField } from '../components/fields';
import { GoogleSignIn } from '../components/GoogleSignIn';
import { Legal } from '../components/Legal';
import { asName } from '../model/names';
import { PROFILE_TEXT_MAX } from '../model/profile';
import { signUp } from '../session/account';
import { useActionForm } from '../session/useActionForm';
import { useChecks } from '../session/useChecks';
import { EntryPage } from './EntryPage';

export function SignUpPage() {
  const { t } = useTranslation();
  const { email, newPassword } = useChecks();
  const { form, ...frame } = useActionForm(
    { name: '', email: '', password: '' },
    { email, password: newPassword },
    (typed) => signUp(typed.email.trim(), typed.password, asName(typed.name, PROFILE_TEXT_MAX)),
  );
  return (
    <EntryPage
      title={t('signUp.title')}
      question={t('signUp.haveAccount')}
      answer={t('signUp.toSignIn')}
      to="/sign-in"
    >
      <ActionForm {...frame} submit={t('signUp.submit')}>
        <NameField
          label={t('signUp.name')}
          description={t('signUp.nameHint')}
          autoComplete="name"
          most={PROFILE_TEXT_MAX}
          {...form.getInputProps('name')}
        />
        <EmailField {...form.getInputProps('email')} />
        <NewPasswordField {...form.getInputProps('password')} />
      </ActionForm>
      <GoogleSignIn />
      <Legal />
    </EntryPage>
  );
}
