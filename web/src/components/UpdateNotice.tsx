import { Alert, Button, Group, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { registerWorker } from '../worker/register';

/** When a newer build of the app has been fetched. */
export function UpdateNotice() {
  const { t } = useTranslation();
  const [use, setUse] = useState<() => void>();
  useEffect(() => {
    registerWorker((next) => setUse(() => next)).catch((error: unknown) => console.error(error));
  }, []);
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
