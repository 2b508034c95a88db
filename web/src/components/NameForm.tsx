import { Button, Group, Stack } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { asName } from '../model/names';
import { useAction } from '../session/useAction';
import { Failure } from './Failure';
import { NameField } from './fields';
import { Passing } from './Passing';

interface NameFormProps {
  label: string;
  /** The name that is saved by now. */
  present: string;
  save: (name: string) => Promise<unknown>;
  /** Whether it may be empty. */
  optional?: boolean;
  autoComplete: 'name' | 'off';
  /** Characters that it may have. */
  most: number;
}

/** Changes a name. */
export function NameForm({ label, present, save, optional, ...field }: NameFormProps) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState(present);
  const [progress, run] = useAction(save);
  const name = asName(typed, field.most);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        return run(name);
      }}
    >
      <Stack gap="sm">
        <NameField
          label={label}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          {...field}
        />
        <Group>
          <Button
            type="submit"
            variant="default"
            disabled={name === present || (!name && !optional)}
            loading={progress.state === 'busy'}
          >
            {t('form.saveName')}
          </Button>
        </Group>
        {progress.state === 'done' && <Passing words={t('form.saved')} />}
        {progress.state === 'failed' && <Failure problem={progress.problem} />}
      </Stack>
    </form>
  );
}
