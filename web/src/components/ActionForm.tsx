import { Button, Stack } from '@mantine/core';
import type { FormEventHandler, ReactNode } from 'react';
import type { Progress } from '../session/useAction';
import { Failure } from './Failure';

interface ActionFormProps {
  progress: Progress<unknown>;
  send: FormEventHandler<HTMLFormElement>;
  /** The words on the button. */
  submit: string;
  children: ReactNode;
}

/** Fields, why they were refused, and the button that sends them. From `useActionForm`. */
export function ActionForm({ progress, send, submit, children }: ActionFormProps) {
  return (
    <form noValidate onSubmit={send}>
      <Stack>
        {children}
        {progress.state === 'failed' && <Failure problem={progress.problem} />}
        <Button type="submit" loading={progress.state === 'busy'}>
          {submit}
        </Button>
      </Stack>
    </form>
  );
}
