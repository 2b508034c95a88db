import { Button, Group, Paper, Stack, Text } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { Busy } from '../components/Busy';
import { DeviceCard } from '../components/DeviceCard';
import { Failure } from '../components/Failure';
import { Page } from '../components/Page';
import { useCustomer } from '../session/context';
import { useNow } from '../session/useNow';

function DeviceList() {
  const { t } = useTranslation();
  const { devices } = useCustomer();
  const now = useNow();
  if (devices.state === 'loading') return <Busy />;
  if (devices.state === 'failed') return <Failure problem={devices.problem} />;
  if (devices.value.length === 0) {
    return (
      <Paper withBorder p="lg">
        <Text>{t(devices.stale ? 'devices.notSynced' : 'devices.empty')}</Text>
      </Paper>
    );
  }
  const sorted = devices.value.toSorted((a, b) => a.name.localeCompare(b.name));
  return (
    <Stack component="ul" gap="md" p={0} m={0} style={{ listStyle: 'none' }}>
      {sorted.map((device) => (
        <li key={device.id}>
          <DeviceCard device={device} now={now} />
        </li>
      ))}
    </Stack>
  );
}

export function DevicesPage() {
  const { t } = useTranslation();
  return (
    <Page title={t('devices.title')}>
      <DeviceList />
      <Group>
        <Button component={Link} to="/devices/add" leftSection={<IconPlus size={20} aria-hidden />}>
          {t('devices.add')}
        </Button>
      </Group>
    </Page>
  );
}
