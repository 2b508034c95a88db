import { Button, Group, Stack, Text } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation, useNavigate } from 'react-router';
import { acceptInvitation, acceptTransfer } from '../backend/callables';
import { BackToDevices } from '../components/BackToDevices';
import { Failure } from '../components/Failure';
import { Page } from '../components/Page';
import { VerifyNotice } from '../components/VerifyNotice';
import { signOut } from '../session/account';
import { useCustomer } from '../session/context';
import { useAction } from '../session/useAction';

/** Where an invitation's link leads, behind sign-in: who accepts sees as whom they do. */
export function JoinPage({ kind }: { kind: 'share' | 'transfer' }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { hash, pathname, state }: { hash: string; pathname: string; state: unknown } =
    useLocation();
  const { email } = useCustomer();
  const leaving = useRef(false);
  useEffect(() => {
    // The token leaves the address. In the state of this entry it outlasts the page being made anew.
    if (!hash || leaving.current) return;
    void navigate(pathname, { replace: true, state: { token: hash.slice(1) } });
  }, [hash, pathname, navigate]);
  const token = hash.slice(1) || tokenIn(state);
  const [progress, accept] = useAction(async () => {
    const { deviceId } = await (kind === 'share' ? acceptInvitation : acceptTransfer)({ token });
    await navigate(`/devices/${deviceId}`, { replace: true, state: { added: true } });
  });
  const signInAsAnother = async () => {
    // Back in the address, from where the next sign-in takes it.
    leaving.current = true;
    await navigate(`${pathname}#${token}`, { replace: true });
    await signOut();
  };
  const other = progress.state === 'failed' && progress.problem.reason === 'other-address';
  return (
    <Page title={t(`join.${kind}.title`)} above={<BackToDevices />}>
      {token ? (
        <Stack>
          <Text>{t(`join.${kind}.text`)}</Text>
          <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
            {t('join.as', { email })}
          </Text>
          <Group>
            <Button loading={progress.state === 'busy'} onClick={() => void accept()}>
              {t(`join.${kind}.submit`)}
            </Button>
            {other && (
              <Button variant="default" onClick={() => void signInAsAnother()}>
                {t('join.other')}
              </Button>
            )}
          </Group>
          {progress.state === 'failed' && <Failure problem={progress.problem} />}
          {other && <VerifyNotice />}
        </Stack>
      ) : (
        <Text>{t('join.empty')}</Text>
      )}
    </Page>
  );
}

function tokenIn(state: unknown): string {
  const token = typeof state === 'object' && state !== null && 'token' in state ? state.token : '';
  return typeof token === 'string' ? token : '';
}
