import { useTranslation } from 'react-i18next';
import { readVariable } from '../backend/callables';
import { speech } from '../messages/i18n';
import { dateAndTime } from '../model/times';
import { useActionForm } from '../session/useActionForm';
import { useChecks } from '../session/useChecks';
import { ActionForm } from './ActionForm';
import { ExactField } from './fields';
import { Reading } from './Reading';

/** Reads a variable of the device by its name. */
export function ReadForm({ deviceId }: { deviceId: string }) {
  const { t } = useTranslation();
  const { identifier } = useChecks();
  const { form, ...frame } = useActionForm({ name: '' }, { name: identifier }, async (typed) => {
    const variable = typed.name.trim();
    const { value, readAt } = await readVariable({ deviceId, variable });
    return { variable, value, at: Date.parse(readAt) };
  });
  const read = frame.progress.state === 'done' ? frame.progress.result : undefined;
  return (
    <ActionForm {...frame} submit={t('device.readSubmit')}>
      <ExactField label={t('device.variable')} {...form.getInputProps('name')} />
      {read && (
        <div role="status" data-variable={read.variable}>
          <Reading
            name={read.variable}
            value={read.value}
            at={read.at}
            time={t('device.readAt', { time: dateAndTime(read.at, speech.locale) })}
          />
        </div>
      )}
    </ActionForm>
  );
}
