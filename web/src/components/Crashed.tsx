import { useTranslation } from 'react-i18next';
import { Standstill } from './Standstill';

export function Crashed() {
  const { t } = useTranslation();
  return <Standstill title={t('failure.crashTitle')} text={t('failure.crashText')} />;
}
