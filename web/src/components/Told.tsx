import { Alert, Text } from '@mantine/core';

/** Something that has happened, and went well. */
export function Told({ words }: { words: string }) {
  return (
    <Alert role="status" color="green">
      <Text size="sm">{words}</Text>
    </Alert>
  );
}
