import { Alert, AppShell, Button, Container, Group, Stack } from '@mantine/core';
import { IconCpu, IconUser, IconWifiOff } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation } from 'react-router';
import { useCustomer } from '../session/context';
import { AccountNotice } from './AccountNotice';
import { Brand } from './Brand';
import { UpdateNotice } from './UpdateNotice';

const HEADER_HEIGHT = 56;
const TAB_BAR_HEIGHT = 60;

const SECTIONS = [
  { to: '/devices', key: 'devices', Icon: IconCpu },
  { to: '/account', key: 'account', Icon: IconUser },
] as const;

/** The sections of the app: in the header where there is room, else as tabs below. */
function Sections({ stretched = false }: { stretched?: boolean }) {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  return (
    <Group component="nav" aria-label={t('navigation.main')} gap="xs" grow={stretched} h="100%">
      {SECTIONS.map(({ to, key, Icon }) => {
        const current = pathname.startsWith(to);
        return (
          <Button
            key={to}
            component={Link}
            to={to}
            variant={current ? 'light' : 'subtle'}
            aria-current={current ? 'page' : undefined}
            leftSection={<Icon size={20} aria-hidden />}
          >
            {t(`navigation.${key}`)}
          </Button>
        );
      })}
    </Group>
  );
}

/** When the browser has no network, or one on which Firestore does not answer. */
function OfflineNotice() {
  const { t } = useTranslation();
  const { cutOff } = useCustomer();
  return cutOff ? (
    <Alert color="yellow" icon={<IconWifiOff aria-hidden />} role="status" data-connection="lost">
      {t('common.offline')}
    </Alert>
  ) : null;
}

/** Header, sections and notices around every page behind sign-in. */
export function Frame({ children }: { children: ReactNode }) {
  return (
    <AppShell
      header={{ height: HEADER_HEIGHT }}
      footer={{ height: { base: TAB_BAR_HEIGHT, sm: 0 } }}
      padding="md"
    >
      <AppShell.Header px="md">
        <Container size={720} px={0} h="100%">
          <Group h="100%" justify="space-between" wrap="nowrap">
            <Brand />
            <Group visibleFrom="sm">
              <Sections />
            </Group>
          </Group>
        </Container>
      </AppShell.Header>
      <AppShell.Main>
        <Container size={720} px={0}>
          <Stack gap="md">
            <OfflineNotice />
            <UpdateNotice />
            <AccountNotice />
            {children}
          </Stack>
        </Container>
      </AppShell.Main>
      <AppShell.Footer hiddenFrom="sm" p={8}>
        <Sections stretched />
      </AppShell.Footer>
    </AppShell>
  );
}
