import { useEffect, useState } from 'react';
import type { Live } from '../backend/insist';
import { type Log, PAGE, type Row } from '../backend/logs';
import { append, follow } from '../model/paging';
import { type Progress, useAction } from './useAction';

export interface Logged<T> {
  live: Live<T[]>;
  /** Reads the next page. Undefined where there is none. */
  more: (() => Promise<unknown>) | undefined;
  progress: Progress<void>;
  /** Whether the last page was read. */
  ended: boolean;
}

interface Seen<T> {
  log: Log<T>;
  rows: Live<Row<T>[]>;
  /** Older pages that were asked for. */
  pages: number;
  ended: boolean;
}

/** After the live part has changed. */
function renew<T>(before: Seen<T>, live: Live<Row<T>[]>): Seen<T> {
  const { log, rows, pages } = before;
  if (live.state !== 'shown' || rows.state !== 'shown' || pages === 0) {
    return { log, rows: live, pages: 0, ended: false };
  }
  const value = follow(rows.value, live.value, log.count + pages * PAGE);
  // Not when rows were dropped at the end.
  const ended = before.ended && value.at(-1)?.id === rows.value.at(-1)?.id;
  return { log, rows: { ...live, value }, pages, ended };
}

function begin<T>(log: Log<T>): Seen<T> {
  return { log, rows: { state: 'loading' }, pages: 0, ended: false };
}

/** Follows a list. The log must be the same object between renders. */
export function useLog<T>(log: Log<T>): Logged<T> {
  const [seen, setSeen] = useState(() => begin(log));
  const { rows, ended } = seen.log === log ? seen : begin(log);
  useEffect(
    () =>
      log.watch((live) =>
        setSeen((before) => renew(before.log === log ? before : begin(log), live)),
      ),
    [log],
  );
  const [progress, read] = useAction(async (last: Row<T>) => {
    const change = (changed: (before: Seen<T>) => Partial<Seen<T>>) =>
      setSeen((before) => (before.log === log ? { ...before, ...changed(before) } : before));
    // From here on nothing falls off the end, to which the page is put.
    change(({ pages }) => ({ pages: pages + 1 }));
    const page = await log.before(last);
    change(({ rows }) =>
      rows.state === 'shown'
        ? { rows: { ...rows, value: append(rows.value, page) }, ended: page.length < PAGE }
        : {},
    );
  });
  if (rows.state !== 'shown') return { live: rows, more: undefined, progress, ended };
  const last = rows.value.at(-1);
  const more = last && !ended && rows.value.length >= log.count ? () => read(last) : undefined;
  return { live: { ...rows, value: rows.value.map(({ value }) => value) }, more, progress, ended };
}
