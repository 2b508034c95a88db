import { Anchor, Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { Failure } from '../components/Failure';
import { GoogleSignIn } from '../components/GoogleSignIn';
import { isEmail } from '../model/inputs';
import { signIn } from '../session/account';
import { useAction } from '../session/useAction';
import { EntryPage } from './EntryPage';

export function SignInPage() {
  const { t } = useTranslation();
  const [progress, submit] = useAction(signIn);
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { email: '', password: '' },
    validate: {
      email: (email) => (isEmail(email) ? null : t('form.email')),
      password: (password) => (password ? null : t('form.required')),
    },
  });
  return (
    <EntryPage
      title={t('signIn.title')}
      question={t('signIn.noAccount')}
      answer={t('signIn.toSignUp')}
      to="/sign-up"
    >
      <form
        noValidate
        onSubmit={form.onSubmit(({ email, password }) => submit(email.trim(), password))}
      >
        <Stack>
          <TextInput
            label={t('signIn.email')}
            type="email"
            autoComplete="username"
            key={form.key('email')}
            {...form.getInputProps('email')}
          />
          <PasswordInput
            label={t('signIn.password')}
            autoComplete="current-password"
            key={form.key('password')}
            {...form.getInputProps('password')}
          />
          <Anchor component={Link} to="/forgotten" size="sm" underline="always">
            {t('signIn.forgotten')}
          </Anchor>
          {progress.state === 'failed' && <Failure problem={progress.problem} />}
          <Button type="submit" loading={progress.state === 'busy'}>
            {t('signIn.submit')}
          </Button>
        </Stack>
      </form>
      <GoogleSignIn />
    </EntryPage>
  );
}
