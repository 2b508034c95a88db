import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { writeProfile } from '../backend/live';
import { PROFILE_TEXT_MAX } from '../model/profile';
import { useCustomer } from '../session/context';
import { useAction } from '../session/useAction';
import { Failure } from './Failure';

/** How the product addresses the customer. */
export function OwnName({ present }: { present: string }) {
  const { t } = useTranslation();
  const { uid } = useCustomer();
  const [name, setName] = useState(present);
  const [progress, save] = useAction((displayName: string) => writeProfile(uid, { displayName }));
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        return save(name.trim());
      }}
    >
      <Stack gap="sm">
        <TextInput
          label={t('account.name')}
          autoComplete="name"
          maxLength={PROFILE_TEXT_MAX}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Group>
          <Button
            type="submit"
            variant="default"
            disabled={name.trim() === present}
            loading={progress.state === 'busy'}
          >
            {t('account.saveName')}
          </Button>
        </Group>
        {progress.state === 'done' && (
          <Text size="sm" role="status">
            {t('device.renamed')}
          </Text>
        )}
        {progress.state === 'failed' && <Failure problem={progress.problem} />}
      </Stack>
    </form>
  );
}
