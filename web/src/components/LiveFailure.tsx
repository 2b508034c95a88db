import { Alert, Button, Text } from '@mantine/core';
import { IconAlertCircle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Live } from '../backend/insist';

/** What Firestore does not let be followed. It is tried again by itself, too. */
export function LiveFailure({ live }: { live: Extract<Live<unknown>, { state: 'failed' }> }) {
  const { t } = useTranslation();
  return (
    <Alert
      color="red"
      icon={<IconAlertCircle aria-hidden />}
      role="status"
      data-unfollowed={live.problem.reason}
    >
      <Text size="sm">{t('common.notFollowed')}</Text>
      <Button mt="xs" size="compact-sm" variant="default" onClick={live.retry}>
        {t('common.retry')}
      </Button>
    </Alert>
  );
}
