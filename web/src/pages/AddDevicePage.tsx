import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconQrcode } from '@tabler/icons-react';
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation, useNavigate } from 'react-router';
import { claimDevice } from '../backend/callables';
import { Busy } from '../components/Busy';
import { Failure } from '../components/Failure';
import { Page } from '../components/Page';
import { Section } from '../components/Section';
import { WifiSetup } from '../components/WifiSetup';
import { labelInFragment } from '../model/label';
import { useAction } from '../session/useAction';

/** The decoder is loaded with the first scan. */
const Scanner = lazy(() => import('../components/Scanner'));

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
  const { hash, pathname } = useLocation();
  const [scanning, setScanning] = useState(false);
  const [progress, submit] = useAction(
    async (serialNumber: string, setupCode: string, name: string) => {
      const { deviceId } = await claimDevice({ serialNumber, setupCode, ...(name && { name }) });
      await navigate(`/devices/${deviceId}`, { state: { added: true } });
    },
  );
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { serialNumber: '', setupCode: '', name: '', ...labelInFragment(hash) },
    validate: {
      serialNumber: (typed) => (typed.trim() ? null : t('form.required')),
      setupCode: (typed) => (typed.trim() ? null : t('form.required')),
    },
  });
  const fields = useRef(form);
  fields.current = form;
  useEffect(() => {
    // Also when the page is open already; the code then leaves the address, and the history with it.
    const label = labelInFragment(hash);
    if (!label) return;
    fields.current.setValues(label);
    void navigate(pathname, { replace: true });
  }, [hash, pathname, navigate]);
  const typedLabel = () => {
    if (form.validate().hasErrors) return undefined;
    const { serialNumber, setupCode } = form.getValues();
    return { serialNumber: serialNumber.trim(), setupCode: setupCode.trim() };
  };
  return (
    <Page title={t('addDevice.title')}>
      <Text>{t('addDevice.text')}</Text>
      {scanning ? (
        <Suspense fallback={<Busy />}>
          <Scanner
            found={(label) => {
              form.setValues(label);
              setScanning(false);
            }}
            cancel={() => setScanning(false)}
          />
        </Suspense>
      ) : (
        <Group>
          <Button
            variant="default"
            leftSection={<IconQrcode size={20} aria-hidden />}
            onClick={() => setScanning(true)}
          >
            {t('scanner.start')}
          </Button>
        </Group>
      )}
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
      <Section title={t('wifi.title')}>
        <WifiSetup label={typedLabel} />
      </Section>
    </Page>
  );
}
