import { Button, Checkbox, Group, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { releaseDevice, renameDevice } from '../backend/callables';
import type { Device } from '../model/device';
import { useAction } from '../session/useAction';
import { Failure } from './Failure';

function Rename({ device }: { device: Device }) {
  const { t } = useTranslation();
  const [name, setName] = useState(device.name);
  const [progress, rename] = useAction(renameDevice);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        return rename({ deviceId: device.id, name: name.trim() });
      }}
    >
      <Stack gap="sm">
        <TextInput
          label={t('device.newName')}
          value={name}
          autoComplete="off"
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Group>
          <Button
            type="submit"
            variant="default"
            disabled={!name.trim() || name.trim() === device.name}
            loading={progress.state === 'busy'}
          >
            {t('device.renameSubmit')}
          </Button>
        </Group>
        {progress.state === 'done' && (
          <Text size="sm" role="status">
            {t('device.renamed')}
          </Text>
        )}
        {progress.state === 'failed' && <Failure problem={progress.problem} />}
      </Stack>
    </form>
  );
}

function Release({ device }: { device: Device }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const [keepHistory, setKeepHistory] = useState(false);
  const [progress, release] = useAction(async () => {
    await releaseDevice({ deviceId: device.id, keepHistory });
    await navigate('/devices');
  });
  if (!asking) {
    return (
      <Group>
        <Button
          variant="outline"
          color="red.9"
          c="var(--mantine-color-error)"
          onClick={() => setAsking(true)}
        >
          {t('device.release')}
        </Button>
      </Group>
    );
  }
  return (
    <Stack gap="sm" role="group" aria-label={t('device.release')}>
      <Text size="sm">{t('device.releaseText')}</Text>
      <Checkbox
        label={t('device.keepHistory')}
        description={t(keepHistory ? 'device.keepText' : 'device.eraseText')}
        checked={keepHistory}
        onChange={(event) => setKeepHistory(event.currentTarget.checked)}
      />
      <Group>
        <Button color="red.9" loading={progress.state === 'busy'} onClick={() => release()}>
          {t('device.releaseSubmit')}
        </Button>
        <Button variant="default" onClick={() => setAsking(false)}>
          {t('device.releaseCancel')}
        </Button>
      </Group>
      {progress.state === 'failed' && <Failure problem={progress.problem} />}
    </Stack>
  );
}

/** The device's name, and the end of owning it. */
export function ManageDevice({ device }: { device: Device }) {
  return (
    <Stack gap="lg">
      <Rename device={device} />
      <Release device={device} />
    </Stack>
  );
}
