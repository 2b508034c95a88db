import { Group, Stack, Title } from '@mantine/core';
import { type ReactNode, useEffect, useRef } from 'react';
import { useNavigationType } from 'react-router';
import { theme } from '../theme/theme';

interface PageProps {
  title: string;
  /** Above the title, such as the way back. */
  above?: ReactNode;
  /** Beside the title: what is done here most. */
  beside?: ReactNode;
  children: ReactNode;
}

/** One page: its title in the tab and as heading, which readers of the screen are taken to. */
export function Page({ title, above, beside, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const arrived = useNavigationType() !== 'POP';
  useEffect(() => {
    if (arrived) heading.current?.focus();
  }, [arrived]);
  return (
    <Stack gap="md">
      <title>{`${title} – ${theme.name}`}</title>
      {above}
      <Group justify="space-between" gap="xs">
        <Title
          order={1}
          size="h2"
          ref={heading}
          tabIndex={-1}
          style={{ outline: 'none', overflowWrap: 'anywhere' }}
        >
          {title}
        </Title>
        {beside}
      </Group>
      {children}
    </Stack>
  );
}
