import { Text } from '@mantine/core';
import type { Note } from '../model/device';
import { isShort, type Json } from '../model/values';
import classes from './Reading.module.css';
import { Remarks } from './Remarks';
import { Value } from './Value';

interface ReadingProps {
  /** Name of the event or variable. */
  name: string;
  value: Json;
  truncated?: boolean;
  notes?: readonly Note[];
  /** When; undefined where that is not known. */
  time?: string | undefined;
  /** The same for machines, in milliseconds. */
  at?: number | undefined;
  /** Whether it is how it was, not how it is. */
  past?: boolean;
}

/** One value with its name and time: on one line when the value is short. */
export function Reading({
  name,
  value,
  truncated = false,
  notes = [],
  time,
  at,
  past,
}: ReadingProps) {
  const shown = <Value value={value} />;
  const short = isShort(value);
  return (
    <div className={classes.reading} data-past={past || undefined}>
      <Text component="span" size="sm" className={classes.name}>
        {name}
      </Text>
      {short && shown}
      {at !== undefined && (
        <Text
          component="time"
          dateTime={new Date(at).toISOString()}
          size="xs"
          c="dimmed"
          className={classes.time}
        >
          {time}
        </Text>
      )}
      {!short && <div className={classes.whole}>{shown}</div>}
      <Remarks truncated={truncated} notes={notes} />
    </div>
  );
}
