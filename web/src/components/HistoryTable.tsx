import { Pagination, ScrollArea, Stack, Table } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { speech } from '../messages/i18n';
import type { Bucket } from '../model/rollups';
import { dayAndTime } from '../model/times';

const PAGE = 24;

interface HistoryTableProps {
  name: string;
  buckets: readonly Bucket[];
  format: (value: number) => string;
}

/** The same as the chart shows, in numbers. */
export function HistoryTable({ name, buckets, format }: HistoryTableProps) {
  const { t } = useTranslation();
  const [asked, setPage] = useState(1);
  const pages = Math.max(1, Math.ceil(buckets.length / PAGE));
  const page = Math.min(asked, pages);
  const rows = buckets.toReversed().slice((page - 1) * PAGE, page * PAGE);
  return (
    <Stack gap="sm">
      <ScrollArea viewportProps={{ tabIndex: 0 }} type="auto" offsetScrollbars="x">
        <Table
          captionSide="top"
          horizontalSpacing={4}
          tabularNums
          fz={{ base: 'xs', xs: 'sm' }}
          data-history-rows={buckets.length}
        >
          <Table.Caption>{t('history.caption', { name })}</Table.Caption>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">{t('history.time')}</Table.Th>
              <Table.Th scope="col" ta="right">
                {t('history.mean')}
              </Table.Th>
              <Table.Th scope="col" ta="right">
                {t('history.min')}
              </Table.Th>
              <Table.Th scope="col" ta="right">
                {t('history.max')}
              </Table.Th>
              <Table.Th scope="col" ta="right">
                {t('history.count')}
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map(({ from, count, sum, min, max }) => (
              <Table.Tr key={from}>
                <Table.Td style={{ whiteSpace: 'nowrap' }}>
                  {dayAndTime(from, speech.locale)}
                </Table.Td>
                <Table.Td ta="right">{format(sum / count)}</Table.Td>
                <Table.Td ta="right">{format(min)}</Table.Td>
                <Table.Td ta="right">{format(max)}</Table.Td>
                <Table.Td ta="right">{count.toLocaleString(speech.locale)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </ScrollArea>
      {pages > 1 && (
        <Pagination
          total={pages}
          value={page}
          onChange={setPage}
          size="sm"
          aria-label={t('history.pages')}
          getControlProps={(control) => ({ 'aria-label': control })}
          getItemProps={(item) => ({ 'aria-label': String(item) })}
        />
      )}
    </Stack>
  );
}
