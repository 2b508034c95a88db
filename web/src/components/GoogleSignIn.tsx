import { Button, Divider, Stack } from '@mantine/core';
import { IconBrandGoogle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useAction } from '../session/useAction';
import { theme } from '../theme/theme';
import { Failure } from './Failure';

/** The other way in, where the theme offers it and the project's sign-in settings allow it. */
export function GoogleSignIn() {
  const { t } = useTranslation();
  const [progress, submit] = useAction(async () =>
    (await import('../session/google')).signInWithGoogle(),
  );
  if (!theme.signInWithGoogle) return null;
  return (
    <Stack>
      <Divider label={t('signIn.or')} />
      <Button
        variant="default"
        leftSection={<IconBrandGoogle size={20} aria-hidden />}
        loading={progress.state === 'busy'}
        onClick={() => submit()}
      >
        {t('signIn.google')}
      </Button>
      {progress.state === 'failed' && <Failure problem={progress.problem} />}
    </Stack>
  );
}
