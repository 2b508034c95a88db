import { Group, Text } from '@mantine/core';
import { IconUsers } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { speech } from '../messages/i18n';
import type { Access } from '../model/shares';
import { dateAndTime } from '../model/times';

/** Whose device it is, and what the customer may do with it until when; nothing of their own. */
export function SharedBy({ access }: { access: Access }) {
  const { t } = useTranslation();
  const { role, ownerName, expiresAt } = access;
  if (role === 'owner') return null;
  return (
    <Group gap={6} wrap="nowrap" data-shared={role}>
      <IconUsers size={18} aria-hidden style={{ flexShrink: 0 }} />
      <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
        {ownerName ? t('sharing.by', { name: ownerName }) : t('sharing.bySomebody')}{' '}
        {t(`sharing.you.${role}`)}
        {expiresAt !== undefined &&
          ` ${t('sharing.until', { date: dateAndTime(expiresAt, speech.locale) })}`}
      </Text>
    </Group>
  );
}
