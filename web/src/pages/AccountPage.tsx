import { Button, Group, Paper, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { writeProfile } from '../backend/live';
import { ActivityList } from '../components/ActivityList';
import { DeleteAccount } from '../components/DeleteAccount';
import { Developer } from '../components/Developer';
import { Export } from '../components/Export';
import { Facts } from '../components/Facts';
import { Failure } from '../components/Failure';
import { Legal } from '../components/Legal';
import { NameForm } from '../components/NameForm';
import { NotificationSettings } from '../components/NotificationSettings';
import { Page } from '../components/Page';
import { Section } from '../components/Section';
import { Support } from '../components/Support';
import { VerifyNotice } from '../components/VerifyNotice';
import { Webhooks } from '../components/Webhooks';
import { PROFILE_TEXT_MAX, standingOf } from '../model/profile';
import { askForNewPassword, signOut } from '../session/account';
import { useCustomer } from '../session/context';
import { useAction } from '../session/useAction';
import { useNow } from '../session/useNow';
import { theme } from '../theme/theme';

function NewPassword({ email }: { email: string }) {
  const { t } = useTranslation();
  const [progress, ask] = useAction(askForNewPassword);
  return (
    <>
      <Button variant="default" loading={progress.state === 'busy'} onClick={() => ask(email)}>
        {t('account.newPassword')}
      </Button>
      {progress.state === 'done' && (
        <Text size="sm" role="status">
          {t('account.newPasswordSent', { email })}
        </Text>
      )}
      {progress.state === 'failed' && <Failure problem={progress.problem} />}
    </>
  );
}

export function AccountPage() {
  const { t } = useTranslation();
  const { uid, email, hasPassword, profile } = useCustomer();
  const now = useNow();
  const standing = standingOf(profile);
  const own = profile.state === 'shown' ? profile.value : undefined;
  return (
    <Page title={t('account.title')}>
      <Paper withBorder p="md">
        <Stack>
          {own && (
            <NameForm
              label={t('account.name')}
              present={own.displayName}
              save={(displayName) => writeProfile(uid, { displayName })}
              optional
              autoComplete="name"
              most={PROFILE_TEXT_MAX}
            />
          )}
          <Facts
            facts={[
              [t('account.email'), email],
              [t('account.status'), standing ? t(`account.${standing}`) : t('common.loading')],
            ]}
          />
          <Group>
            <Button variant="default" onClick={() => signOut()}>
              {t('account.signOut')}
            </Button>
            {hasPassword && <NewPassword email={email} />}
          </Group>
        </Stack>
      </Paper>
      <VerifyNotice />
      <Section title={t('notifications.title')}>
        <NotificationSettings />
      </Section>
      <Section title={t('activity.title')}>
        <ActivityList now={now} />
      </Section>
      <Section title={t('account.export')}>
        <Export />
      </Section>
      {theme.developerTokens && (
        <Section title={t('account.developer')}>
          <Text size="sm">{t('account.developerText')}</Text>
          <Developer />
        </Section>
      )}
      {theme.webhooks && (
        <Section title={t('webhooks.title')}>
          <Webhooks now={now} />
        </Section>
      )}
      <Section title={t('account.delete')}>
        <DeleteAccount />
      </Section>
      <Support />
      <Legal />
    </Page>
  );
}
