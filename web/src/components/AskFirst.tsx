import { Button, Group, Stack, Text } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import type { Progress } from '../session/useAction';
import { Failure } from './Failure';
import { takeFocus } from './takeFocus';

interface AskFirstProps {
  /** What is to be done, and its consequences. */
  label: string;
  text: string;
  /** The words for doing it, and for leaving it. */
  yes: string;
  no: string;
  /** Whether something must be given first. */
  disabled?: boolean;
  progress: Progress<unknown>;
  act: () => Promise<unknown>;
  /** What is asked in addition. */
  children: ReactNode;
}

/** Something that cannot be undone: said and asked before it is done. */
export function AskFirst({
  label,
  text,
  yes,
  no,
  disabled = false,
  progress,
  act,
  children,
}: AskFirstProps) {
  const [asking, setAsking] = useState<boolean>();
  if (!asking) {
    return (
      <Group>
        <Button
          variant="outline"
          ref={asking === false ? takeFocus : undefined}
          color="red.9"
          c="var(--mantine-color-error)"
          onClick={() => setAsking(true)}
        >
          {label}
        </Button>
      </Group>
    );
  }
  return (
    <form
      aria-label={label}
      ref={takeFocus}
      tabIndex={-1}
      style={{ outline: 'none' }}
      onSubmit={(event) => {
        event.preventDefault();
        return act();
      }}
    >
      <Stack gap="sm">
        <Text size="sm">{text}</Text>
        {children}
        <Group>
          <Button
            type="submit"
            color="red.9"
            disabled={disabled}
            loading={progress.state === 'busy'}
          >
            {yes}
          </Button>
          <Button variant="default" onClick={() => setAsking(false)}>
            {no}
          </Button>
        </Group>
        {progress.state === 'failed' && <Failure problem={progress.problem} />}
      </Stack>
    </form>
  );
}
