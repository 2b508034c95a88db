import 'uplot/dist/uPlot.min.css';
import { Text, useComputedColorScheme } from '@mantine/core';
import { useElementSize, useMergedRef } from '@mantine/hooks';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import UPlot from 'uplot';
import { numberLabels, timeLabels } from '../model/axis';
import type { Range } from '../model/range';
import type { Series } from '../model/series';
import { dateAndTime } from '../model/times';
import classes from './Chart.module.css';

const HEIGHT = 220;
/** So few values are marked one by one: a line between two of them may be too short to be seen. */
const FEW = 60;
const LINE_HEIGHT = 18;
/** Pixels. A shorter way of the pointer is a tap. */
const DRAG = 8;
const AWAY = { left: -10, top: -10 };
const EMPTY: Series = [[], [], [], []];
const UNMARKED = { left: 0, top: 0, width: 0, height: 0 };

interface ChartProps {
  /** What is to be seen, in words, for those who do not see it. */
  label: string;
  series: Series;
  range: Range;
  locale: string;
  unit: string | undefined;
  format: (value: number) => string;
  /** A part was marked with the pointer. */
  onZoom: (range: Range) => void;
}

function colour(element: HTMLElement, name: string): string {
  return getComputedStyle(element).getPropertyValue(name).trim();
}

/** Room for the widest of the labels. */
function width(plot: UPlot, labels: string[] | null, index: number): number {
  const axis = plot.axes[index];
  // The library has resolved the font to one of the canvas's own pixels, and two numbers of it.
  const font: unknown = axis?.font;
  if (Array.isArray(font)) plot.ctx.font = String(font[0]);
  const widest = Math.max(0, ...(labels ?? []).map((label) => plot.ctx.measureText(label).width));
  return Math.ceil(widest / UPlot.pxRatio) + beside(axis);
}

function height(plot: UPlot, labels: string[] | null, index: number): number {
  const lines = Math.max(1, ...(labels ?? []).map((label) => label.split('\n').length));
  return lines * LINE_HEIGHT + beside(plot.axes[index]);
}

/** What an axis takes beside its labels. */
function beside(axis: UPlot.Axis | undefined): number {
  return (axis?.ticks?.size ?? 0) + (axis?.gap ?? 0);
}

/** Marks with mouse, pen or finger, alike; upwards and downwards a finger moves the page. */
function followPointer(plot: UPlot, zoomed: (range: Range) => void): void {
  const { over } = plot;
  let began: number | undefined;
  const place = (event: PointerEvent) => {
    const box = over.getBoundingClientRect();
    return {
      left: Math.min(Math.max(event.clientX - box.left, 0), box.width),
      top: event.clientY - box.top,
    };
  };
  const unmark = () => {
    began = undefined;
    plot.setSelect(UNMARKED, false);
  };
  over.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || !event.isPrimary) return;
    over.setPointerCapture(event.pointerId);
    began = place(event).left;
    plot.setCursor(place(event));
  });
  over.addEventListener('pointermove', (event) => {
    if (!event.isPrimary) return;
    const at = place(event);
    plot.setCursor(at);
    if (began === undefined) return;
    const left = Math.min(began, at.left);
    const marked = { left, top: 0, width: Math.abs(at.left - began), height: over.clientHeight };
    plot.setSelect(marked, false);
  });
  over.addEventListener('pointerup', (event) => {
    if (began === undefined || !event.isPrimary) return;
    const ends = [began, place(event).left].sort((a, b) => a - b) as [number, number];
    unmark();
    if (ends[1] - ends[0] < DRAG) return;
    plot.setCursor(AWAY);
    zoomed({ from: plot.posToVal(ends[0], 'x') * 1000, to: plot.posToVal(ends[1], 'x') * 1000 });
  });
  over.addEventListener('pointercancel', unmark);
  over.addEventListener('pointerleave', (event) => {
    // What a finger has pointed at stays to be read.
    if (event.pointerType === 'mouse' && began === undefined) plot.setCursor(AWAY);
  });
}

interface Current extends ChartProps {
  /** The point of the series that is pointed at. */
  onPoint: (index: number | undefined) => void;
}

function options(element: HTMLElement, wide: number, current: () => Current): UPlot.Options {
  const dimmed = colour(element, '--mantine-color-dimmed');
  const line = colour(element, '--chart-line');
  const grid = colour(element, '--mantine-color-default-border');
  const axis = { stroke: dimmed, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid } };
  const nothing = () => null;
  return {
    width: wide,
    height: HEIGHT,
    legend: { show: false },
    cursor: {
      y: false,
      points: { size: 8 },
      // The library's own follow a mouse alone.
      drag: { x: false, y: false },
      bind: { mousedown: nothing, mouseup: nothing, mousemove: nothing, dblclick: nothing },
    },
    scales: {
      x: { range: () => [current().range.from / 1000, current().range.to / 1000] },
    },
    bands: [{ series: [3, 2], fill: `color-mix(in srgb, ${line} 22%, transparent)` }],
    axes: [
      {
        ...axis,
        // Each step of the axis is twice the one before at most: so a phone shows two at least.
        space: 60,
        size: height,
        values: (_plot, ticks, _axis, _space, increment) =>
          timeLabels(ticks, increment, current().locale),
      },
      {
        ...axis,
        size: width,
        values: (_plot, ticks, _axis, _space, increment) =>
          numberLabels(ticks, increment, current().locale),
      },
    ],
    series: [
      {},
      {
        stroke: line,
        width: 2,
        points: { show: (_plot, _series, from, to) => to - from < FEW, size: 6, fill: line },
      },
      { stroke: 'transparent', points: { show: false } },
      { stroke: 'transparent', points: { show: false } },
    ],
    hooks: {
      ready: [(plot) => followPointer(plot, (range) => current().onZoom(range))],
      setCursor: [(plot) => current().onPoint(plot.cursor.idx ?? undefined)],
    },
  };
}

/** What is written of a point, with its time. */
function useWords({ series, locale, format }: ChartProps): (index: number) => string {
  const { t } = useTranslation();
  return (index) => {
    const [seconds = 0, mean, min, max] = series.map((column) => column[index]);
    const time = dateAndTime((seconds ?? 0) * 1000, locale);
    if (typeof mean !== 'number' || typeof min !== 'number' || typeof max !== 'number') {
      return t('history.point', { time, words: t('common.nothing') });
    }
    const words =
      min === max
        ? format(mean)
        : t('history.meanMinMax', { mean: format(mean), min: format(min), max: format(max) });
    return t('history.point', { time, words });
  };
}

/** The course of a value. One point at a time is read out, under the pointer or by the arrow keys. */
export function Chart(given: ChartProps) {
  const { t } = useTranslation();
  const { ref: measured, width: wide } = useElementSize<HTMLDivElement>();
  const [element, setElement] = useState<HTMLDivElement | null>(null);
  const ref = useMergedRef(measured, setElement);
  const scheme = useComputedColorScheme();
  const [pointed, setPointed] = useState<number>();
  const current = useRef({ ...given, onPoint: setPointed });
  current.current = { ...given, onPoint: setPointed };
  const shown = useRef<UPlot>(undefined);
  const { series, range, label, unit } = given;
  const last = series[0].length - 1;
  const point = pointed !== undefined && pointed <= last ? pointed : undefined;
  const words = useWords(given);
  const ready = wide > 0;

  // Only once: what changes is handed to the same plot, so that a drag goes on over a new value.
  // biome-ignore lint/correctness/useExhaustiveDependencies: colours are read from the page's scheme
  useEffect(() => {
    if (!element || !ready) return;
    const plot = new UPlot(
      options(element, element.clientWidth, () => current.current),
      EMPTY,
      element,
    );
    shown.current = plot;
    return () => {
      shown.current = undefined;
      plot.destroy();
    };
  }, [element, ready, scheme]);
  useEffect(() => {
    if (ready) shown.current?.setSize({ width: wide, height: HEIGHT });
  }, [ready, wide]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the plot itself reads the range
  useEffect(() => {
    const plot = shown.current;
    if (!element || !plot) return;
    plot.setData(series);
    element.dataset.points = String(series[0].length);
  }, [element, ready, scheme, series, range]);

  const step = (event: KeyboardEvent) => {
    const plot = shown.current;
    const to = { ArrowLeft: (point ?? last + 1) - 1, ArrowRight: (point ?? -1) + 1 }[event.key];
    const at = to === undefined ? undefined : series[0][to];
    if (!plot || at === undefined) return;
    event.preventDefault();
    plot.setCursor({ left: plot.valToPos(at, 'x'), top: 0 });
  };
  return (
    <div>
      {unit && (
        <Text size="xs" c="dimmed" aria-hidden>
          {unit}
        </Text>
      )}
      <div
        ref={ref}
        role="slider"
        tabIndex={0}
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={last}
        aria-valuenow={point ?? last}
        aria-valuetext={words(point ?? last)}
        aria-orientation="horizontal"
        onKeyDown={step}
        className={classes.chart}
      />
      <Text
        size="xs"
        c={point === undefined ? 'dimmed' : undefined}
        mih={{ base: '4.2em', sm: '1.4em' }}
        data-pointed={point}
      >
        {point === undefined ? t('history.hint') : words(point)}
      </Text>
    </div>
  );
}
