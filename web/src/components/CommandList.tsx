import { Badge, Button, Group, Stack, Text } from '@mantine/core';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { cancelCommand } from '../backend/callables';
import { speech } from '../messages/i18n';
import type { Device } from '../model/device';
import type { Command } from '../model/records';
import { shortTime } from '../model/times';
import { type Standing, standingOf } from '../product';
import { useAction } from '../session/useAction';
import { hasNoFocus } from '../session/useKeptFocus';
import { Failure } from './Failure';
import { useCommandWords } from './useCommandWords';

const COLOURS: Record<Standing, string> = {
  queued: 'blue',
  sent: 'blue',
  succeeded: 'green',
  refused: 'red',
  answered: 'yellow',
  failed: 'red',
  expired: 'yellow',
  cancelled: 'gray',
  replaced: 'gray',
  unknown: 'yellow',
};

interface CommandListProps {
  device: Device;
  commands: readonly Command[];
  now: number;
}

function One({ device, command, now }: { device: Device; command: Command; now: number }) {
  const { t } = useTranslation();
  const words = useCommandWords(device);
  const row = useRef<HTMLDivElement>(null);
  const [progress, cancel] = useAction(async () => {
    const { status } = await cancelCommand({ commandId: command.id, deviceId: device.id });
    // The button goes, and its focus with it.
    if (hasNoFocus()) row.current?.focus({ preventScroll: true });
    return status;
  });
  // One that has left the live part of the list tells of itself here alone.
  const status =
    command.status === 'queued' && progress.state === 'done' ? progress.result : command.status;
  const standing = standingOf(device, { ...command, status });
  const { name, set } = words.wish(command);
  const answer = words.answer(command);
  const detail = words.detail({ ...command, status });
  return (
    <Stack
      component="li"
      gap={4}
      data-sent={command.function}
      data-state={standing}
      ref={row}
      tabIndex={-1}
      style={{ outline: 'none' }}
    >
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
          <b>
            <bdi>{name}</bdi>
          </b>{' '}
          <bdi>{set}</bdi>
        </Text>
        <Badge variant="dot" color={COLOURS[standing]} tt="none" style={{ flexShrink: 0 }}>
          {t(`command.states.${standing}`)}
        </Badge>
      </Group>
      <Group justify="space-between" gap="xs">
        <Text size="xs" c="dimmed">
          {command.createdAt !== undefined && shortTime(command.createdAt, now, speech.locale)}
          {answer !== undefined && ` · ${t('command.withAnswer', { returnValue: answer })}`}
          {status === 'queued' && detail && ` · ${detail}`}
        </Text>
        {status === 'queued' && (
          <Button
            size="compact-xs"
            variant="default"
            aria-label={t('device.cancelNamed', { function: name })}
            loading={progress.state === 'busy'}
            onClick={() => cancel()}
          >
            {t('device.cancelCommand')}
          </Button>
        )}
      </Group>
      {status !== 'queued' && detail && <Text size="xs">{detail}</Text>}
      {progress.state === 'failed' && <Failure problem={progress.problem} />}
    </Stack>
  );
}

/** What was sent to the device, and how far each is, live. */
export function CommandList({ device, commands, now }: CommandListProps) {
  return (
    <Stack component="ol" gap="sm" p={0} m={0} style={{ listStyle: 'none' }}>
      {commands.map((command) => (
        <One key={command.id} device={device} command={command} now={now} />
      ))}
    </Stack>
  );
}
