import { Alert, Button, PasswordInput, Stack, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { Busy } from '../components/Busy';
import { Failure } from '../components/Failure';
import { PASSWORD_MIN } from '../model/inputs';
import { applyCode, setNewPassword } from '../session/account';
import { useAction } from '../session/useAction';
import { EntryPage } from './EntryPage';

function NewPassword({ code }: { code: string }) {
  const { t } = useTranslation();
  const [progress, submit] = useAction(setNewPassword);
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { password: '' },
    validate: {
      password: (password) =>
        password.length >= PASSWORD_MIN ? null : t('form.passwordShort', { count: PASSWORD_MIN }),
    },
  });
  if (progress.state === 'done') {
    return (
      <Alert role="status" color="green">
        <Text size="sm">{t('mailLink.passwordSet')}</Text>
      </Alert>
    );
  }
  return (
    <form noValidate onSubmit={form.onSubmit(({ password }) => submit(code, password))}>
      <Stack>
        <PasswordInput
          label={t('mailLink.newPassword')}
          description={t('signUp.passwordHint', { count: PASSWORD_MIN })}
          autoComplete="new-password"
          key={form.key('password')}
          {...form.getInputProps('password')}
        />
        {progress.state === 'failed' && <Failure problem={progress.problem} />}
        <Button type="submit" loading={progress.state === 'busy'}>
          {t('mailLink.submit')}
        </Button>
      </Stack>
    </form>
  );
}

function Apply({ code }: { code: string }) {
  const { t } = useTranslation();
  const [progress, apply] = useAction(applyCode);
  useEffect(() => {
    void apply(code);
  }, [apply, code]);
  switch (progress.state) {
    case 'done':
      return (
        <Alert role="status" color="green">
          <Text size="sm">{t('mailLink.applied')}</Text>
        </Alert>
      );
    case 'failed':
      return <Failure problem={progress.problem} />;
    default:
      return <Busy />;
  }
}

/**
 * Where the links in the mails of Firebase Auth lead, when the project's mail templates name this
 * page as the action URL (`…/mail-link`): a new password, or an address confirmed.
 */
export function MailLinkPage() {
  const { t } = useTranslation();
  const [asked] = useSearchParams();
  const code = asked.get('oobCode') ?? '';
  const isReset = asked.get('mode') === 'resetPassword';
  return (
    <EntryPage
      title={t(isReset ? 'mailLink.resetTitle' : 'mailLink.title')}
      question=""
      answer={t('mailLink.goOn')}
      to="/"
    >
      {isReset ? <NewPassword code={code} /> : <Apply code={code} />}
    </EntryPage>
  );
}
