import { Anchor, Group } from '@mantine/core';
import { IconChevronLeft } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';

export function BackToDevices() {
  const { t } = useTranslation();
  return (
    <Anchor component={Link} to="/devices" size="sm">
      <Group component="span" gap={4}>
        <IconChevronLeft size={18} aria-hidden />
        {t('device.back')}
      </Group>
    </Anchor>
  );
}
