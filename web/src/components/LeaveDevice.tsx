import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { endShare } from '../backend/callables';
import type { Device } from '../model/device';
import { useAction } from '../session/useAction';
import { AskFirst } from './AskFirst';

/** A guest gives up what was shared with them. */
export function LeaveDevice({ device }: { device: Device }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [progress, leave] = useAction(async () => {
    await endShare({ deviceId: device.id });
    await navigate('/devices', { replace: true });
  });
  return (
    <AskFirst
      label={t('sharing.leave')}
      text={t('sharing.leaveText')}
      yes={t('sharing.leaveSubmit')}
      no={t('device.releaseCancel')}
      progress={progress}
      act={leave}
    >
      {null}
    </AskFirst>
  );
}
