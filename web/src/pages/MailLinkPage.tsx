import { Anchor, Text } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';
import { ActionForm } from '../components/ActionForm';
import { Busy } from '../components/Busy';
import { Failure } from '../components/Failure';
import { NewPasswordField } from '../components/fields';
import { Told } from '../components/Told';
import { applyCode, isForNewPassword, setNewPassword } from '../session/account';
import { useAction } from '../session/useAction';
import { useActionForm } from '../session/useActionForm';
import { useChecks } from '../session/useChecks';
import { EntryPage } from './EntryPage';

function NewPassword({ code, email }: { code: string; email: string }) {
  const { t } = useTranslation();
  const { newPassword } = useChecks();
  const { form, ...frame } = useActionForm({ password: '' }, { password: newPassword }, (typed) =>
    setNewPassword(code, typed.password),
  );
  if (frame.progress.state === 'done') return <Told words={t('mailLink.passwordSet')} />;
  return (
    <ActionForm {...frame} submit={t('mailLink.submit')}>
      <Text size="sm">{t('mailLink.for', { email })}</Text>
      <NewPasswordField label={t('mailLink.newPassword')} {...form.getInputProps('password')} />
    </ActionForm>
  );
}

interface WithCodeProps<Result> {
  code: string;
  /** What the link's code is good for. */
  use: (code: string) => Promise<Result>;
  /** The way on when it is not. */
  otherwise?: ReactNode;
  children: (result: Result) => ReactNode;
}

/** Uses the code as soon as the page is open, so that a link that is too old says so at once. */
function WithCode<Result>({ code, use, otherwise, children }: WithCodeProps<Result>) {
  const [progress, run] = useAction(use);
  useEffect(() => {
    void run(code);
  }, [run, code]);
  switch (progress.state) {
    case 'done':
      return children(progress.result);
    case 'failed':
      return <Failure problem={progress.problem}>{otherwise}</Failure>;
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
      {isReset ? (
        <WithCode
          code={code}
          use={isForNewPassword}
          otherwise={
            <Anchor component={Link} to="/forgotten" size="sm" underline="always">
              {t('mailLink.another')}
            </Anchor>
          }
        >
          {(email) => <NewPassword code={code} email={email} />}
        </WithCode>
      ) : (
        <WithCode code={code} use={applyCode}>
          {() => <Told words={t('mailLink.applied')} />}
        </WithCode>
      )}
    </EntryPage>
  );
}
