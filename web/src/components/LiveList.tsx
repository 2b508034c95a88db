import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Live } from '../backend/live';
import { Busy } from './Busy';
import { Failure } from './Failure';

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
  if (live.state === 'failed') return <Failure problem={live.problem} />;
  if (live.value.length > 0) return children(live.value);
  return <Text size="sm">{live.stale ? t('common.notSynced') : empty}</Text>;
}
