import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Note } from '../model/device';
import { isolated } from '../model/names';
import { reasonOf } from '../model/notes';
import classes from './Reading.module.css';

interface RemarksProps {
  truncated: boolean;
  notes: readonly Note[];
}

/** Why a value is not what the device published. */
export function Remarks({ truncated, notes }: RemarksProps) {
  const { t } = useTranslation();
  return (
    <>
      {truncated && (
        <Text component="span" size="xs" c="dimmed">
          {t('common.shortened')}
        </Text>
      )}
      {notes.length > 0 && (
        <Text size="xs" c="dimmed" className={classes.whole} data-notes>
          {notes
            .map(({ path, why }) => [isolated(path), t(`common.odd.${reasonOf(why)}`)])
            .map((words) => words.filter(Boolean).join(': '))
            .join('; ')}
        </Text>
      )}
    </>
  );
}
