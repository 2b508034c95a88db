import { Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import { Failure } from '../components/Failure';
import { GoogleSignIn } from '../components/GoogleSignIn';
import { isEmail, PASSWORD_MIN } from '../model/inputs';
import { PROFILE_TEXT_MAX } from '../model/profile';
import { signUp } from '../session/account';
import { useAction } from '../session/useAction';
import { EntryPage } from './EntryPage';

export function SignUpPage() {
  const { t } = useTranslation();
  const [progress, submit] = useAction(signUp);
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { name: '', email: '', password: '' },
    validate: {
      name: (name) =>
        name.trim().length <= PROFILE_TEXT_MAX
          ? null
          : t('form.tooLong', { count: PROFILE_TEXT_MAX }),
      email: (email) => (isEmail(email) ? null : t('form.email')),
      password: (password) =>
        password.length >= PASSWORD_MIN ? null : t('form.passwordShort', { count: PASSWORD_MIN }),
    },
  });
  return (
    <EntryPage
      title={t('signUp.title')}
      question={t('signUp.haveAccount')}
      answer={t('signUp.toSignIn')}
      to="/sign-in"
    >
      <form
        noValidate
        onSubmit={form.onSubmit(({ email, password, name }) =>
          submit(email.trim(), password, name.trim()),
        )}
      >
        <Stack>
          <TextInput
            label={t('signUp.name')}
            description={t('signUp.nameHint')}
            autoComplete="name"
            key={form.key('name')}
            {...form.getInputProps('name')}
          />
          <TextInput
            label={t('signIn.email')}
            type="email"
            autoComplete="username"
            key={form.key('email')}
            {...form.getInputProps('email')}
          />
          <PasswordInput
            label={t('signIn.password')}
            description={t('signUp.passwordHint', { count: PASSWORD_MIN })}
            autoComplete="new-password"
            key={form.key('password')}
            {...form.getInputProps('password')}
          />
          {progress.state === 'failed' && <Failure problem={progress.problem} />}
          <Button type="submit" loading={progress.state === 'busy'}>
            {t('signUp.submit')}
          </Button>
        </Stack>
      </form>
      <GoogleSignIn />
    </EntryPage>
  );
}
