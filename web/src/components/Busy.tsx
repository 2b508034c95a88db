import { Center, Loader, Stack, Text, VisuallyHidden } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

/** After so long people wonder whether anything happens at all. */
const LONG_MS = 5_000;

/** While something loads. */
export function Busy() {
  const { t } = useTranslation();
  const [long, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), LONG_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <Center mih={160}>
      <Stack align="center" gap="xs" role="status">
        <Loader aria-hidden />
        {long ? (
          <Text size="sm" ta="center">
            {t('common.slow')}
          </Text>
        ) : (
          <VisuallyHidden>{t('common.loading')}</VisuallyHidden>
        )}
      </Stack>
    </Center>
  );
}
