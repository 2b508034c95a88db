import { Alert, Button, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import { Failure } from '../components/Failure';
import { isEmail } from '../model/inputs';
import { askForNewPassword } from '../session/account';
import { useAction } from '../session/useAction';
import { EntryPage } from './EntryPage';

/** Asks for a mail with a link to a new password. */
export function ForgottenPage() {
  const { t } = useTranslation();
  const [progress, submit] = useAction(askForNewPassword);
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { email: '' },
    validate: { email: (email) => (isEmail(email) ? null : t('form.email')) },
  });
  return (
    <EntryPage
      title={t('forgotten.title')}
      question={t('forgotten.known')}
      answer={t('signUp.toSignIn')}
      to="/sign-in"
    >
      <form noValidate onSubmit={form.onSubmit(({ email }) => submit(email.trim()))}>
        <Stack>
          <Text size="sm">{t('forgotten.text')}</Text>
          <TextInput
            label={t('signIn.email')}
            type="email"
            autoComplete="username"
            key={form.key('email')}
            {...form.getInputProps('email')}
          />
          {progress.state === 'failed' && <Failure problem={progress.problem} />}
          {progress.state === 'done' && (
            <Alert role="status" color="green">
              <Text size="sm">{t('forgotten.sent')}</Text>
            </Alert>
          )}
          <Button type="submit" loading={progress.state === 'busy'}>
            {t('forgotten.submit')}
          </Button>
        </Stack>
      </form>
    </EntryPage>
  );
}
