import { Anchor } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { theme } from '../theme/theme';

/** The way to the maker's support, where the theme names one. `subject` is for a mail. */
export function Support({ subject = theme.name }: { subject?: string }) {
  const { t } = useTranslation();
  const { supportUrl, supportEmail } = theme;
  const mail = supportEmail && `mailto:${supportEmail}?subject=${encodeURIComponent(subject)}`;
  const href = supportUrl ?? mail;
  if (!href) return null;
  return (
    <Anchor href={href} size="sm" underline="always">
      {t('legal.support')}
    </Anchor>
  );
}
