import { Alert, Button, Group, Text } from '@mantine/core';
import { useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { newerBuild, watchNewerBuild } from '../worker/register';

/** When a newer build of the app has been fetched. */
export function UpdateNotice() {
  const { t } = useTranslation();
  const use = useSyncExternalStore(watchNewerBuild, newerBuild);
  if (!use) return null;
  return (
    <Alert color="blue" role="status" data-update="waiting">
      <Group justify="space-between">
        <Text size="sm">{t('update.text')}</Text>
        <Button size="compact-sm" onClick={use}>
          {t('update.load')}
        </Button>
      </Group>
    </Alert>
  );
}
