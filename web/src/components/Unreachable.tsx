import { useTranslation } from 'react-i18next';
import { Standstill } from './Standstill';

export function Unreachable() {
  const { t } = useTranslation();
  return <Standstill title={t('failure.connectTitle')} text={t('failure.connectText')} />;
}
