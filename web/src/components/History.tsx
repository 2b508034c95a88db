import { Button, Group, NativeSelect, SegmentedControl, Stack, Text } from '@mantine/core';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { speech } from '../messages/i18n';
import { toCsv } from '../model/csv';
import type { Device } from '../model/device';
import { asFileName, download } from '../model/download';
import { numberText } from '../model/numbers';
import { isWhole, type Range, SPANS, type Span, shift, zoom } from '../model/range';
import {
  type Bucket,
  bucketsBetween,
  PLAIN,
  type Rollup,
  summary,
  withLive,
} from '../model/rollups';
import { toSeries } from '../model/series';
import { dateAndTime } from '../model/times';
import { charted, keyOf, newest, say } from '../product';
import type { ReadingDescription } from '../product/types';
import { useHistory } from '../session/useHistory';
import { Busy } from './Busy';
import { Chart } from './Chart';
import { Failure } from './Failure';
import { HistoryTable } from './HistoryTable';

function saveCsv(device: Device, reading: ReadingDescription, buckets: readonly Bucket[]): void {
  const metric = keyOf(reading);
  const rows = buckets.map(({ from, to, count, sum, min, max }) => [
    metric,
    reading.unit ?? '',
    new Date(from).toISOString(),
    new Date(to).toISOString(),
    count,
    sum / count,
    min,
    max,
  ]);
  const name = [device.name, say(reading.name)].map(asFileName).join('_');
  download(
    `${name}.csv`,
    'text/csv;charset=utf-8',
    toCsv(['metric', 'unit', 'from', 'to', 'count', 'mean', 'min', 'max'], rows, speech.locale),
  );
}

interface CourseProps {
  device: Device;
  reading: ReadingDescription;
  whole: Range;
  rollups: Rollup[];
}

/** The chart of one reading with its zoom, and the table and file of what it shows. */
function Course({ device, reading, whole: counted, rollups }: CourseProps) {
  const { t } = useTranslation();
  const [zoomed, setZoomed] = useState<Range>();
  const [table, setTable] = useState(false);
  const seen = newest(device, reading);
  const at = seen?.at;
  const value = typeof seen?.value === 'number' ? seen.value : undefined;
  // The chart goes on with what arrives, between two readings of the rollups.
  const end = Math.max(counted.to, at ?? 0);
  const whole = useMemo(() => ({ from: counted.from + end - counted.to, to: end }), [counted, end]);
  const range = zoomed ?? whole;
  const { from, to } = range;
  const buckets = useMemo(() => {
    const counted = bucketsBetween(rollups, reading.part ?? PLAIN, from, to);
    const live = at !== undefined && value !== undefined && at >= from && at <= to;
    return live ? withLive(counted, { at, value }) : counted;
  }, [rollups, reading.part, at, value, from, to]);
  const series = useMemo(() => toSeries(buckets), [buckets]);
  const { unit, digits } = reading;
  const format = (number: number) => numberText(number, { unit, digits }, speech.locale);
  const bare = (number: number) => numberText(number, { digits }, speech.locale);
  const ends = { from: dateAndTime(from, speech.locale), to: dateAndTime(to, speech.locale) };
  const all = summary(buckets);
  const words =
    all &&
    t('history.summary', {
      mean: format(all.mean),
      min: format(all.min),
      max: format(all.max),
      count: all.count,
      number: all.count.toLocaleString(speech.locale),
    });
  const title = t('history.chart', { name: say(reading.name), ...ends });
  const go = (next: Range) => setZoomed(isWhole(next, whole) ? undefined : next);
  if (series[0].length === 0 && !zoomed) return <Text size="sm">{t('history.empty')}</Text>;
  return (
    <Stack gap="sm" data-course={keyOf(reading)} data-zoomed={zoomed !== undefined}>
      {series[0].length === 0 ? (
        <Text size="sm">{t('history.empty')}</Text>
      ) : (
        <Chart
          label={`${title}. ${words ?? ''}`}
          series={series}
          range={range}
          locale={speech.locale}
          unit={unit}
          format={format}
          onZoom={go}
        />
      )}
      <Group gap="xs">
        <Button variant="default" size="compact-sm" onClick={() => go(zoom(range, whole, 0.5))}>
          {t('history.closer')}
        </Button>
        {zoomed && (
          <>
            <Button variant="default" size="compact-sm" onClick={() => go(zoom(range, whole, 2))}>
              {t('history.wider')}
            </Button>
            <Button variant="default" size="compact-sm" onClick={() => go(shift(range, whole, -1))}>
              {t('history.earlier')}
            </Button>
            <Button variant="default" size="compact-sm" onClick={() => go(shift(range, whole, 1))}>
              {t('history.later')}
            </Button>
            <Button variant="default" size="compact-sm" onClick={() => setZoomed(undefined)}>
              {t('history.all')}
            </Button>
          </>
        )}
      </Group>
      <Text size="sm" role="status">
        {t('history.range', ends)}
        {words && `. ${words}`}
      </Text>
      <Group gap="xs">
        <Button
          variant="default"
          size="compact-sm"
          aria-expanded={table}
          onClick={() => setTable(!table)}
        >
          {t(table ? 'history.hideTable' : 'history.showTable')}
        </Button>
        <Button
          variant="default"
          size="compact-sm"
          disabled={buckets.length === 0}
          onClick={() => saveCsv(device, reading, buckets)}
        >
          {t('history.csv')}
        </Button>
      </Group>
      {table && (
        <HistoryTable
          name={unit ? `${say(reading.name)} (${unit})` : say(reading.name)}
          buckets={buckets}
          format={bare}
        />
      )}
    </Stack>
  );
}

interface ReadingHistoryProps {
  device: Device;
  reading: ReadingDescription;
  span: Span;
}

function ReadingHistory({ device, reading, span }: ReadingHistoryProps) {
  const { t } = useTranslation();
  const {
    id: deviceId,
    claimEpoch,
    access: { ownerUid: uid },
  } = device;
  const history = useHistory({ uid, deviceId, event: reading.event, claimEpoch }, span);
  if (history.state === 'loading') return <Busy />;
  if (history.state === 'failed') {
    return (
      <Failure problem={history.problem}>
        <Button mt="xs" size="compact-sm" variant="default" onClick={history.again}>
          {t('common.retry')}
        </Button>
      </Failure>
    );
  }
  return <Course device={device} reading={reading} {...history} />;
}

/** Charts of all that the device's numbers did. */
export default function History({ device }: { device: Device }) {
  const { t } = useTranslation();
  const [span, setSpan] = useState<Span>('day');
  const [chosen, setChosen] = useState<string>();
  const readings = charted(device);
  const reading = readings.find((one) => keyOf(one) === chosen) ?? readings[0];
  if (!reading) return <Text size="sm">{t('history.nothingToDraw')}</Text>;
  return (
    <Stack gap="sm">
      <NativeSelect
        label={t('history.reading')}
        value={keyOf(reading)}
        onChange={(event) => setChosen(event.currentTarget.value)}
        data={readings.map((one) => ({ value: keyOf(one), label: say(one.name) }))}
      />
      <SegmentedControl
        fullWidth
        aria-label={t('history.span')}
        value={span}
        onChange={(value) => setSpan(value as Span)}
        data={SPANS.map((value) => ({ value, label: t(`history.${value}`) }))}
      />
      <ReadingHistory
        key={`${keyOf(reading)} ${span}`}
        device={device}
        reading={reading}
        span={span}
      />
    </Stack>
  );
}
