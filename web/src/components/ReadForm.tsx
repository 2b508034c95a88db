import { Button, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import { readVariable } from '../backend/callables';
import { speech } from '../messages/i18n';
import { isIdentifier } from '../model/inputs';
import { dateAndTime } from '../model/times';
import { useAction } from '../session/useAction';
import { Failure } from './Failure';
import { Reading } from './Reading';

/** Reads a variable of the device by its name. */
export function ReadForm({ deviceId }: { deviceId: string }) {
  const { t } = useTranslation();
  const [progress, read] = useAction(async (variable: string) => ({
    variable,
    ...(await readVariable({ deviceId, variable })),
  }));
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { name: '' },
    validate: { name: (name) => (isIdentifier(name.trim()) ? null : t('form.identifier')) },
  });
  return (
    <form noValidate onSubmit={form.onSubmit(({ name }) => read(name.trim()))}>
      <Stack gap="sm">
        <TextInput
          label={t('device.variable')}
          autoCapitalize="off"
          autoComplete="off"
          autoCorrect="off"
          spellCheck={false}
          key={form.key('name')}
          {...form.getInputProps('name')}
        />
        <Button type="submit" loading={progress.state === 'busy'}>
          {t('device.readSubmit')}
        </Button>
        {progress.state === 'done' && (
          <div role="status" data-variable={progress.result.variable}>
            <Reading
              name={progress.result.variable}
              value={progress.result.value}
              at={Date.parse(progress.result.readAt)}
              time={t('device.readAt', {
                time: dateAndTime(Date.parse(progress.result.readAt), speech.locale),
              })}
            />
          </div>
        )}
        {progress.state === 'failed' && <Failure problem={progress.problem} />}
      </Stack>
    </form>
  );
}
