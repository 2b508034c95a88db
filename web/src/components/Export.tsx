import { Button, Group, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { exportAccount } from '../backend/callables';
import { speech } from '../messages/i18n';
import { download } from '../model/download';
import { useAction } from '../session/useAction';
import { Failure } from './Failure';

/** Everything that is kept of the customer, as a file of JSON lines. */
export function Export() {
  const { t } = useTranslation();
  const [count, setCount] = useState(0);
  const [progress, save] = useAction(async () => {
    setCount(0);
    const lines: string[] = [];
    let cursor: string | null | undefined;
    do {
      const page = await exportAccount(cursor ? { cursor } : {});
      lines.push(...page.lines);
      cursor = page.cursor;
      setCount(lines.length);
    } while (cursor);
    const day = new Date().toISOString().slice(0, 10);
    download(`account-${day}.jsonl`, 'application/jsonl', `${lines.join('\n')}\n`);
  });
  return (
    <Stack gap="sm">
      <Text size="sm">{t('account.exportText')}</Text>
      <Group>
        <Button variant="default" loading={progress.state === 'busy'} onClick={() => save()}>
          {t('account.exportSubmit')}
        </Button>
      </Group>
      {(progress.state === 'busy' || progress.state === 'done') && (
        <Text size="sm" role="status" data-exported={count}>
          {t('account.exported', { count, number: count.toLocaleString(speech.locale) })}
        </Text>
      )}
      {progress.state === 'failed' && <Failure problem={progress.problem} />}
    </Stack>
  );
}
