import { Button, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Developer } from '../components/Developer';
import { Facts } from '../components/Facts';
import { Page } from '../components/Page';
import { signOut } from '../session/account';
import { useCustomer } from '../session/context';

export function AccountPage() {
  const { t } = useTranslation();
  const { email, profile } = useCustomer();
  const own = profile.state === 'shown' ? profile.value : undefined;
  return (
    <Page title={t('account.title')}>
      <Paper withBorder p="md">
        <Stack>
          <Facts
            facts={[
              [t('account.name'), own?.displayName || t('account.noName')],
              [t('account.email'), email],
              [t('account.status'), t(`account.${own?.status ?? 'pending'}`)],
            ]}
          />
          <Group>
            <Button variant="default" onClick={() => signOut()}>
              {t('account.signOut')}
            </Button>
          </Group>
        </Stack>
      </Paper>
      <Paper withBorder p="md" component="section" aria-label={t('account.developer')}>
        <Stack gap="sm">
          <Title order={2} size="h4">
            {t('account.developer')}
          </Title>
          <Text size="sm">{t('account.developerText')}</Text>
          <Developer />
        </Stack>
      </Paper>
    </Page>
  );
}
