import { Button, Container, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useAction } from '../session/useAction';
import { loadNewest } from '../worker/register';

/** A whole page that cannot go on but by loading it again, from a newer build where there is one. */
export function Standstill({ title, text }: { title: string; text: string }) {
  const { t } = useTranslation();
  const [progress, load] = useAction(loadNewest);
  return (
    <Container component="main" size="xs" py="xl">
      <Stack align="flex-start">
        <Title order={1} size="h2">
          {title}
        </Title>
        <Text>{text}</Text>
        <Button loading={progress.state === 'busy'} onClick={() => load()}>
          {t('common.reload')}
        </Button>
      </Stack>
    </Container>
  );
}
