import { Alert, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import classes from './Passing.module.css';

/** Milliseconds. */
const SHOWN_MS = 5_000;

interface PassingProps {
  words: string;
  /** Shown until it is taken away; otherwise it goes by itself. */
  stays?: boolean;
  /** What has become of a command. */
  'data-command'?: string;
}

/** What went well or is on its way: said where it moves nothing of the page. */
export function Passing({ words, stays = false, ...attributes }: PassingProps) {
  const [over, setOver] = useState(false);
  useEffect(() => {
    if (stays) return;
    const timer = setTimeout(() => setOver(true), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [stays]);
  if (over) return null;
  return (
    <div className={classes.passing}>
      <div className={classes.box}>
        <Alert role="status" color={stays ? 'blue' : 'green'} {...attributes}>
          <Text size="sm">{words}</Text>
        </Alert>
      </div>
    </div>
  );
}
