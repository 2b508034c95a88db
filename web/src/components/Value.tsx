import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { speech } from '../messages/i18n';
import { formatValue, type Json, partsOf } from '../model/values';
import classes from './Value.module.css';

/** Something a device sent; an object as its parts, one below the other. */
export function Value({ value }: { value: Json }) {
  const { t } = useTranslation();
  const words = {
    yes: t('common.yes'),
    no: t('common.no'),
    nothing: t('common.nothing'),
    empty: t('common.emptyText'),
  };
  const parts = partsOf(value);
  if (parts.length === 0) {
    return (
      <Text component="span" fw={600} className={classes.single}>
        {formatValue(value, speech.locale, words)}
      </Text>
    );
  }
  return (
    <dl className={classes.parts}>
      {parts.map(([name, part]) => (
        <div key={name} className={classes.part}>
          <dt>{name}</dt>
          <dd>{formatValue(part, speech.locale, words)}</dd>
        </div>
      ))}
    </dl>
  );
}
