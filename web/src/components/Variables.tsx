import { ActionIcon, Group, Stack, Text } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { readVariable } from '../backend/callables';
import { speech } from '../messages/i18n';
import { dateAndTime } from '../model/times';
import { described, say } from '../product';
import type { VariableDescription } from '../product/types';
import { useAction } from '../session/useAction';
import { Failure } from './Failure';
import { Value } from './Value';

function One({ deviceId, variable }: { deviceId: string; variable: VariableDescription }) {
  const { t } = useTranslation();
  const [progress, read] = useAction(readVariable);
  const name = say(variable.label);
  const done = progress.state === 'done' ? progress.result : undefined;
  return (
    <Stack component="li" gap={4} data-variable={variable.name}>
      <Group justify="space-between" wrap="nowrap">
        <div>
          <Text size="sm" c="dimmed">
            {name}
          </Text>
          <div role="status">
            {done ? (
              <>
                <Value value={described(done.value, variable)} />{' '}
                <Text component="span" size="xs" c="dimmed">
                  {t('device.readAt', {
                    time: dateAndTime(Date.parse(done.readAt), speech.locale),
                  })}
                </Text>
              </>
            ) : (
              <Text size="sm">{t('device.notRead')}</Text>
            )}
          </div>
        </div>
        <ActionIcon
          variant="default"
          size="lg"
          aria-label={t('device.refreshNamed', { name })}
          loading={progress.state === 'busy'}
          onClick={() => read({ deviceId, variable: variable.name })}
        >
          <IconRefresh size={20} aria-hidden />
        </ActionIcon>
      </Group>
      {progress.state === 'failed' && <Failure problem={progress.problem} />}
    </Stack>
  );
}

interface VariablesProps {
  deviceId: string;
  variables: readonly VariableDescription[];
}

/** What the device answers when it is asked. */
export function Variables({ deviceId, variables }: VariablesProps) {
  return (
    <Stack component="ul" gap="sm" p={0} m={0} style={{ listStyle: 'none' }}>
      {variables.map((variable) => (
        <One key={variable.name} deviceId={deviceId} variable={variable} />
      ))}
    </Stack>
  );
}
