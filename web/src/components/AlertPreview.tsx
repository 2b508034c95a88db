import { Button, Group, Stack, Text } from '@mantine/core';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { readRollups } from '../backend/history';
import type { Device } from '../model/device';
import { bucketsOf, firings, type Limit } from '../model/preview';
import { DAY_MS } from '../model/rollups';
import type { Source } from '../product/types';
import { useAction } from '../session/useAction';
import { Failure } from './Failure';

const DAYS = 7;

interface AlertPreviewProps {
  device: Device;
  watched: Source;
  /** Undefined while it is no number. */
  limit: Limit | undefined;
}

/** How often an alert would have fired last week, for who wants to know before they save it. */
export function AlertPreview({ device, watched, limit }: AlertPreviewProps) {
  const { t } = useTranslation();
  const [progress, look] = useAction(async (asked: Limit | undefined) => {
    if (!asked) return undefined;
    const { event, part } = watched;
    const course = {
      uid: device.access.ownerUid,
      deviceId: device.id,
      event,
      claimEpoch: device.claimEpoch,
    };
    const now = Date.now();
    const found = bucketsOf(await readRollups(course, now - DAYS * DAY_MS, now, now), part);
    return found.length === 0 ? 'nothing' : firings(found, asked);
  });
  const asked = JSON.stringify([watched.event, watched.part, limit]);
  // What was found is about another limit.
  useEffect(() => {
    if (asked) void look(undefined);
  }, [asked, look]);
  const result = progress.state === 'done' ? progress.result : undefined;
  return (
    <Stack gap={4}>
      <Group>
        <Button
          variant="default"
          size="compact-sm"
          disabled={!limit}
          loading={progress.state === 'busy'}
          onClick={() => void look(limit)}
        >
          {t('alerts.preview')}
        </Button>
      </Group>
      {result !== undefined && (
        <Text size="sm" role="status" data-preview={result}>
          {result === 'nothing'
            ? t('alerts.previewNothing')
            : t('alerts.previewed', { count: result })}
        </Text>
      )}
      {progress.state === 'failed' && <Failure problem={progress.problem} />}
    </Stack>
  );
}
