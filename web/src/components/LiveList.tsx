import { Button, Group, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Live } from '../backend/insist';
import { useKeptFocus } from '../session/useKeptFocus';
import type { Logged } from '../session/useLog';
import { Busy } from './Busy';
import { Failure } from './Failure';
import { LiveFailure } from './LiveFailure';
import { takeFocus } from './takeFocus';

interface LiveListProps<T> {
  live: Live<T[]>;
  /** Said when it is known that there is none. */
  empty: string;
  children: (items: T[]) => ReactNode;
}

/** A list that Firestore pushes, or why there is nothing to be seen of it. */
export function LiveList<T>({ live, empty, children }: LiveListProps<T>) {
  const { t } = useTranslation();
  if (live.state === 'loading') return <Busy />;
  if (live.state === 'failed') return <LiveFailure live={live} />;
  if (live.value.length > 0) return children(live.value);
  return <Text size="sm">{live.stale ? t('common.notSynced') : empty}</Text>;
}

interface LogListProps<T> extends Omit<LiveListProps<T>, 'live'> {
  log: Logged<T>;
  /** The words on the button for the next page. */
  older: string;
}

/** A live list whose older rows are read when they are asked for. */
export function LogList<T>({ log, older, ...list }: LogListProps<T>) {
  const { t } = useTranslation();
  const { live, more, progress, ended } = log;
  const busy = progress.state === 'busy';
  const button = useKeptFocus<HTMLButtonElement>(busy);
  return (
    <Stack gap="sm">
      <LiveList live={live} {...list} />
      {progress.state === 'failed' && <Failure problem={progress.problem} />}
      {more && (
        <Group>
          <Button ref={button} variant="default" size="compact-sm" loading={busy} onClick={more}>
            {older}
          </Button>
        </Group>
      )}
      {ended && (
        // In place of the button that had the focus.
        <Text
          size="sm"
          c="dimmed"
          role="status"
          ref={takeFocus}
          tabIndex={-1}
          style={{ outline: 'none' }}
        >
          {t('common.noOlder')}
        </Text>
      )}
    </Stack>
  );
}
