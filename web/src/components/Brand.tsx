import { Badge, Group, Image, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import logo from 'theme-logo';
import { isDemo } from '../backend/config';
import { theme } from '../theme/theme';

export function Brand() {
  const { t } = useTranslation();
  return (
    <Group gap="xs" wrap="nowrap">
      <Image src={logo} alt="" w={28} h={28} />
      <Text fw={700} truncate>
        {theme.name}
      </Text>
      {isDemo && (
        <Badge color="gray" variant="outline" c="dimmed">
          {t('common.demo')}
        </Badge>
      )}
    </Group>
  );
}
