import { Anchor, Group } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { theme } from '../theme/theme';

/** What the maker's lawyers want to be within reach, where the theme names it. */
export function Legal() {
  const { t } = useTranslation();
  const { privacyUrl, termsUrl } = theme;
  if (!privacyUrl && !termsUrl) return null;
  return (
    <Group gap="md">
      {privacyUrl && (
        <Anchor href={privacyUrl} target="_blank" size="sm" underline="always">
          {t('legal.privacy')}
        </Anchor>
      )}
      {termsUrl && (
        <Anchor href={termsUrl} target="_blank" size="sm" underline="always">
          {t('legal.terms')}
        </Anchor>
      )}
    </Group>
  );
}
