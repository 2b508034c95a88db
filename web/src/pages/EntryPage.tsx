import { Anchor, Container, Paper, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link, useLocation } from 'react-router';
import { Brand } from '../components/Brand';
import { Page } from '../components/Page';

interface EntryPageProps {
  title: string;
  /** The way to the other of the two pages. */
  question: string;
  answer: string;
  to: string;
  children: ReactNode;
}

/** What sign-in and sign-up have in common. */
export function EntryPage({ title, question, answer, to, children }: EntryPageProps) {
  const location = useLocation();
  return (
    <Container component="main" size={440} py="xl">
      <Stack gap="xl">
        <Brand />
        <Paper withBorder p="lg">
          <Page title={title}>
            {children}
            <Text size="sm">
              {question}{' '}
              <Anchor component={Link} to={to} state={location.state} underline="always">
                {answer}
              </Anchor>
            </Text>
          </Page>
        </Paper>
      </Stack>
    </Container>
  );
}
