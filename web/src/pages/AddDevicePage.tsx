import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { claimDevice } from '../backend/callables';
import { Failure } from '../components/Failure';
import { Page } from '../components/Page';
import { useAction } from '../session/useAction';

/** Codes and serial numbers are not words: no corrections, no capitals of the phone's own. */
const AS_PRINTED = {
  autoCapitalize: 'off',
  autoComplete: 'off',
  autoCorrect: 'off',
  spellCheck: false,
};

export function AddDevicePage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [progress, submit] = useAction(
    async (serialNumber: string, setupCode: string, name: string) => {
      const { deviceId } = await claimDevice({ serialNumber, setupCode, ...(name && { name }) });
      await navigate(`/devices/${deviceId}`, { state: { added: true } });
    },
  );
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { serialNumber: '', setupCode: '', name: '' },
    validate: {
      serialNumber: (typed) => (typed.trim() ? null : t('form.required')),
      setupCode: (typed) => (typed.trim() ? null : t('form.required')),
    },
  });
  return (
    <Page title={t('addDevice.title')}>
      <Text>{t('addDevice.text')}</Text>
      <form
        noValidate
        onSubmit={form.onSubmit(({ serialNumber, setupCode, name }) =>
          submit(serialNumber.trim(), setupCode.trim(), name.trim()),
        )}
      >
        <Stack>
          <TextInput
            label={t('addDevice.serial')}
            {...AS_PRINTED}
            key={form.key('serialNumber')}
            {...form.getInputProps('serialNumber')}
          />
          <TextInput
            label={t('addDevice.code')}
            {...AS_PRINTED}
            key={form.key('setupCode')}
            {...form.getInputProps('setupCode')}
          />
          <TextInput
            label={t('addDevice.name')}
            description={t('addDevice.nameHint')}
            autoComplete="off"
            key={form.key('name')}
            {...form.getInputProps('name')}
          />
          {progress.state === 'failed' && <Failure problem={progress.problem} />}
          <Group>
            <Button type="submit" loading={progress.state === 'busy'}>
              {t('addDevice.submit')}
            </Button>
            <Button component={Link} to="/devices" variant="subtle">
              {t('addDevice.cancel')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Page>
  );
}
