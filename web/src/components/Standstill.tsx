import { Button, Container, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';

/** A whole page that cannot go on but by loading it again. */
export function Standstill({ title, text }: { title: string; text: string }) {
  const { t } = useTranslation();
  return (
    <Container component="main" size="xs" py="xl">
      <Stack align="flex-start">
        <Title order={1} size="h2">
          {title}
        </Title>
        <Text>{text}</Text>
        <Button onClick={() => location.reload()}>{t('common.reload')}</Button>
      </Stack>
    </Container>
  );
}
