import { Alert, Loader, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useCustomer } from '../session/context';
import { Failure } from './Failure';
import { Support } from './Support';

/** While the server is not done with the account; goes away by itself. */
export function AccountNotice() {
  const { t } = useTranslation();
  const { profile } = useCustomer();
  if (profile.state === 'failed') return <Failure problem={profile.problem} />;
  if (profile.state === 'loading' || (profile.stale && !profile.value)) return null;
  const status = profile.value?.status ?? 'pending';
  if (status === 'ready') return null;
  return status === 'pending' ? (
    <Alert
      role="status"
      color="blue"
      data-account="pending"
      icon={<Loader size={18} aria-hidden />}
      title={t('preparing.title')}
    >
      <Text size="sm">{t('preparing.text')}</Text>
    </Alert>
  ) : (
    <Alert
      role="status"
      color="yellow"
      data-account="error"
      icon={<IconAlertTriangle aria-hidden />}
      title={t('preparing.errorTitle')}
    >
      <Text size="sm">{t('preparing.errorText')}</Text>
      <Support />
    </Alert>
  );
}
