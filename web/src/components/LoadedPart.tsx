import { Alert, Button, Text } from '@mantine/core';
import { type ReactNode, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { Busy } from './Busy';
import { CrashBoundary } from './CrashBoundary';

/** A part of a page whose code is loaded when it is needed: without a network, the rest goes on. */
export function LoadedPart({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const missing = (
    <Alert color="yellow" role="status" data-part="missing">
      <Text size="sm">{t('failure.partText')}</Text>
      <Button mt="xs" size="compact-sm" variant="default" onClick={() => location.reload()}>
        {t('common.reload')}
      </Button>
    </Alert>
  );
  return (
    <CrashBoundary instead={missing}>
      <Suspense fallback={<Busy />}>{children}</Suspense>
    </CrashBoundary>
  );
}
