import { Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { DeviceCard } from '../components/DeviceCard';
import { LiveList } from '../components/LiveList';
import { Page } from '../components/Page';
import { VerifyNotice } from '../components/VerifyNotice';
import { byName } from '../model/order';
import { useCustomer } from '../session/context';
import { useNow } from '../session/useNow';
import classes from './DevicesPage.module.css';

function DeviceList() {
  const { t } = useTranslation();
  const { devices } = useCustomer();
  const now = useNow();
  return (
    <LiveList live={devices} empty={t('devices.empty')}>
      {(all) => (
        <ul className={classes.cards}>
          {all
            .toSorted((a, b) => byName(a.name, b.name))
            .map((device) => (
              <li key={device.id}>
                <DeviceCard device={device} now={now} />
              </li>
            ))}
        </ul>
      )}
    </LiveList>
  );
}

export function DevicesPage() {
  const { t } = useTranslation();
  return (
    <Page
      title={t('devices.title')}
      beside={
        <Button
          component={Link}
          to="/devices/add"
          px="sm"
          leftSection={<IconPlus size={20} aria-hidden />}
        >
          {t('devices.add')}
        </Button>
      }
    >
      <DeviceList />
      <VerifyNotice />
    </Page>
  );
}
