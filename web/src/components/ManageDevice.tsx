import { Checkbox, Stack } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { releaseDevice, renameDevice } from '../backend/callables';
import type { Device } from '../model/device';
import { DEVICE_NAME_MAX } from '../model/inputs';
import { mayManage } from '../model/shares';
import { useAction } from '../session/useAction';
import { AskFirst } from './AskFirst';
import { NameForm } from './NameForm';

function Release({ device }: { device: Device }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [keepHistory, setKeepHistory] = useState(false);
  const [progress, release] = useAction(async () => {
    await releaseDevice({ deviceId: device.id, keepHistory });
    // Back leads to what was before the page of a device that is gone.
    await navigate('/devices', { replace: true });
  });
  return (
    <AskFirst
      label={t('device.release')}
      text={t('device.releaseText')}
      yes={t('device.releaseSubmit')}
      no={t('device.releaseCancel')}
      progress={progress}
      act={release}
    >
      <Checkbox
        label={t('device.keepHistory')}
        description={t(keepHistory ? 'device.keepText' : 'device.eraseText')}
        checked={keepHistory}
        onChange={(event) => setKeepHistory(event.currentTarget.checked)}
      />
    </AskFirst>
  );
}

/** The device's name, and the end of owning it; of another's device, the name alone. */
export function ManageDevice({ device }: { device: Device }) {
  const { t } = useTranslation();
  if (!mayManage(device.access)) return null;
  return (
    <Stack gap="lg">
      <NameForm
        label={t('device.newName')}
        present={device.name}
        save={(name) => renameDevice({ deviceId: device.id, name })}
        autoComplete="off"
        most={DEVICE_NAME_MAX}
      />
      {device.access.role === 'owner' && <Release device={device} />}
    </Stack>
  );
}
