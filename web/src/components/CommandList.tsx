import { Badge, Button, Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { cancelCommand } from '../backend/callables';
import { speech } from '../messages/i18n';
import type { Device } from '../model/device';
import type { Command, CommandState } from '../model/records';
import { shortTime } from '../model/times';
import { wish } from '../product';
import { useAction } from '../session/useAction';
import { Failure } from './Failure';

const COLOURS: Record<CommandState, string> = {
  queued: 'blue',
  sent: 'blue',
  succeeded: 'green',
  failed: 'red',
  expired: 'yellow',
  cancelled: 'gray',
  unknown: 'yellow',
};

interface CommandListProps {
  device: Device;
  commands: readonly Command[];
  now: number;
}

interface OneProps {
  command: Command;
  name: string;
  set: string;
  now: number;
}

function One({ command, name, set, now }: OneProps) {
  const { t } = useTranslation();
  const [progress, cancel] = useAction(cancelCommand);
  const { id, function: called, status, returnValue, createdAt } = command;
  return (
    <Stack component="li" gap={4} data-sent={called} data-state={status}>
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
          <b>{name}</b> {set}
        </Text>
        <Badge variant="dot" color={COLOURS[status]} tt="none" style={{ flexShrink: 0 }}>
          {t(`command.states.${status}`)}
        </Badge>
      </Group>
      <Group justify="space-between" gap="xs">
        <Text size="xs" c="dimmed">
          {createdAt !== undefined && shortTime(createdAt, now, speech.locale)}
          {returnValue !== undefined &&
            ` · ${t('command.answered', { returnValue: returnValue.toLocaleString(speech.locale) })}`}
        </Text>
        {status === 'queued' && (
          <Button
            size="compact-xs"
            variant="default"
            aria-label={t('device.cancelNamed', { function: name })}
            loading={progress.state === 'busy'}
            onClick={() => cancel({ commandId: id })}
          >
            {t('device.cancelCommand')}
          </Button>
        )}
      </Group>
      {progress.state === 'failed' && <Failure problem={progress.problem} />}
    </Stack>
  );
}

/** What was sent to the device, and how far each is, live. */
export function CommandList({ device, commands, now }: CommandListProps) {
  const { t } = useTranslation();
  const words = { on: t('common.on'), off: t('common.off') };
  return (
    <Stack component="ol" gap="sm" p={0} m={0} style={{ listStyle: 'none' }}>
      {commands.map((command) => (
        <One key={command.id} command={command} {...wish(device, command, words)} now={now} />
      ))}
    </Stack>
  );
}
