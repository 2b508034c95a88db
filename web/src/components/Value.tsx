import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { speech } from '../messages/i18n';
import { formatValue, type Json, partsOf } from '../model/values';
import classes from './Value.module.css';

/** Something a device sent; an object as its parts, one below the other. */
export function Value({ value, truncated = false }: { value: Json; truncated?: boolean }) {
  const { t } = useTranslation();
  const words = { yes: t('common.yes'), no: t('common.no'), nothing: t('common.nothing') };
  const parts = partsOf(value);
  return (
    <>
      {parts.length > 0 ? (
        <dl className={classes.parts}>
          {parts.map(([name, part]) => (
            <div key={name} className={classes.part}>
              <dt>{name}</dt>
              <dd>{formatValue(part, speech.locale, words)}</dd>
            </div>
          ))}
        </dl>
      ) : (
        <Text component="span" fw={600} className={classes.single}>
          {formatValue(value, speech.locale, words)}
        </Text>
      )}
      {truncated && (
        <Text size="xs" c="dimmed">
          {t('common.shortened')}
        </Text>
      )}
    </>
  );
}
