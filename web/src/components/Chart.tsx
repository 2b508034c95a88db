import 'uplot/dist/uPlot.min.css';
import { useComputedColorScheme } from '@mantine/core';
import { useElementSize, useMergedRef } from '@mantine/hooks';
import { useEffect, useRef, useState } from 'react';
import UPlot from 'uplot';
import type { Range } from '../model/range';
import type { Series } from '../model/series';
import classes from './Chart.module.css';

const HEIGHT = 220;
/** So few values are marked one by one: a line between two of them may be too short to be seen. */
const FEW = 60;

interface ChartProps {
  /** What is to be seen, in words, for those who do not see it. */
  label: string;
  series: Series;
  range: Range;
  locale: string;
  format: (value: number) => string;
  /** A part was marked with the pointer. */
  onZoom: (range: Range) => void;
}

function colour(element: HTMLElement, name: string): string {
  return getComputedStyle(element).getPropertyValue(name).trim();
}

function options(
  element: HTMLElement,
  width: number,
  { range, locale, format, onZoom }: ChartProps,
): UPlot.Options {
  const dimmed = colour(element, '--mantine-color-dimmed');
  const line = colour(element, '--mantine-primary-color-filled');
  const grid = colour(element, '--mantine-color-default-border');
  const axis = { stroke: dimmed, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid } };
  const long = range.to - range.from > 2 * 86_400_000;
  const time = new Intl.DateTimeFormat(
    locale,
    long ? { day: 'numeric', month: 'short' } : { hour: '2-digit', minute: '2-digit' },
  );
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 8 } },
    scales: { x: { min: range.from / 1000, max: range.to / 1000 } },
    bands: [{ series: [3, 2], fill: `color-mix(in srgb, ${line} 22%, transparent)` }],
    axes: [
      { ...axis, space: 70, values: (_, splits) => splits.map((at) => time.format(at * 1000)) },
      { ...axis, size: 62, values: (_, splits) => splits.map(format) },
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
      setSelect: [
        (plot) => {
          const { left, width: marked } = plot.select;
          if (marked < 8) return;
          onZoom({
            from: plot.posToVal(left, 'x') * 1000,
            to: plot.posToVal(left + marked, 'x') * 1000,
          });
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    },
  };
}

/** The course of a value. */
export function Chart(given: ChartProps) {
  const { ref: measured, width } = useElementSize<HTMLDivElement>();
  const [element, setElement] = useState<HTMLDivElement | null>(null);
  const ref = useMergedRef(measured, setElement);
  const scheme = useComputedColorScheme();
  const current = useRef(given);
  current.current = given;
  const { series, range, label } = given;
  // biome-ignore lint/correctness/useExhaustiveDependencies: colours are read from the page's scheme
  useEffect(() => {
    if (!element || width === 0) return;
    const plot = new UPlot(options(element, width, current.current), series, element);
    element.dataset.points = String(series[0].length);
    return () => plot.destroy();
  }, [element, width, scheme, series, range]);
  return <div ref={ref} role="img" aria-label={label} className={classes.chart} />;
}
