import { Button, Group, Text } from '@mantine/core';
import { IconQrcode } from '@tabler/icons-react';
import { lazy, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation, useNavigate } from 'react-router';
import { claimDevice } from '../backend/callables';
import { ActionForm } from '../components/ActionForm';
import { BackToDevices } from '../components/BackToDevices';
import { ExactField, NameField } from '../components/fields';
import { LoadedPart } from '../components/LoadedPart';
import { Page } from '../components/Page';
import { takeFocus } from '../components/takeFocus';
import { WifiSetup } from '../components/WifiSetup';
import { DEVICE_NAME_MAX } from '../model/inputs';
import { labelInFragment } from '../model/label';
import { asName } from '../model/names';
import { useActionForm } from '../session/useActionForm';
import { useChecks } from '../session/useChecks';
import { theme } from '../theme/theme';

/** The decoder is loaded with the first scan. */
const Scanner = lazy(() => import('../components/Scanner'));

export function AddDevicePage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { hash, pathname } = useLocation();
  const { filled } = useChecks();
  const [scanning, setScanning] = useState<boolean>();
  const { form, ...frame } = useActionForm(
    { serialNumber: '', setupCode: '', name: '', ...labelInFragment(hash) },
    { serialNumber: filled, setupCode: theme.setupCodes ? filled : () => null },
    async (typed) => {
      const name = asName(typed.name, DEVICE_NAME_MAX);
      const { deviceId } = await claimDevice({ ...label(typed), ...(name && { name }) });
      // Back leads to what was before the form, which is used up.
      await navigate(`/devices/${deviceId}`, { replace: true, state: { added: true } });
    },
  );
  const fields = useRef(form);
  fields.current = form;
  useEffect(() => {
    // Also when the page is open already; the code then leaves the address, and the history with it.
    const scanned = labelInFragment(hash);
    if (!scanned) return;
    fields.current.setValues(scanned);
    void navigate(pathname, { replace: true });
  }, [hash, pathname, navigate]);
  return (
    <Page title={t('addDevice.title')} above={<BackToDevices />}>
      <Text>{t(theme.setupCodes ? 'addDevice.text' : 'addDevice.textWithoutCode')}</Text>
      {scanning ? (
        <LoadedPart>
          <Scanner
            found={(scanned) => {
              form.setValues(scanned);
              setScanning(false);
            }}
            cancel={() => setScanning(false)}
          />
        </LoadedPart>
      ) : (
        <Group>
          <Button
            variant="default"
            ref={scanning === false ? takeFocus : undefined}
            leftSection={<IconQrcode size={20} aria-hidden />}
            onClick={() => setScanning(true)}
          >
            {t('scanner.start')}
          </Button>
        </Group>
      )}
      <ActionForm {...frame} submit={t('addDevice.submit')}>
        <ExactField label={t('addDevice.serial')} {...form.getInputProps('serialNumber')} />
        {theme.setupCodes && (
          <ExactField label={t('addDevice.code')} {...form.getInputProps('setupCode')} />
        )}
        <NameField
          label={t('addDevice.name')}
          description={t('addDevice.nameHint')}
          autoComplete="off"
          most={DEVICE_NAME_MAX}
          {...form.getInputProps('name')}
        />
      </ActionForm>
      {theme.wifiSetup && (
        <WifiSetup
          label={() => (form.validate().hasErrors ? undefined : label(form.getValues()))}
        />
      )}
    </Page>
  );
}

/** As typed, without the spaces that phones put after words. */
function label({ serialNumber, setupCode }: Record<'serialNumber' | 'setupCode', string>) {
  const code = setupCode.trim();
  return { serialNumber: serialNumber.trim(), ...(code && { setupCode: code }) };
}
