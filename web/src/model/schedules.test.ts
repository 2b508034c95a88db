import { describe, expect, it } from 'vitest';
import { byDue, dayName, onDay, toSchedule } from './schedules';

describe('schedules', () => {
  it('reads a document that has less than it should', () => {
    expect(toSchedule('s', {})).toMatchObject({
      enabled: false,
      kind: 'time',
      days: [],
      last: undefined,
      dueAt: undefined,
    });
    expect(toSchedule('s', { days: [1, 'x', 2.5, 7] }).days).toEqual([1, 7]);
  });

  it('names the days', () => {
    expect([1, 7].map((day) => dayName(day, 'en', 'long'))).toEqual(['Monday', 'Sunday']);
    expect(dayName(3, 'de')).toBe('Mi');
  });

  it('sorts by what is due next', () => {
    const [rests, late, soon] = [
      toSchedule('a', {}),
      toSchedule('b', { dueAt: 2 }),
      toSchedule('c', { dueAt: 1 }),
    ];
    expect([rests, late, soon].toSorted(byDue).map(({ id }) => id)).toEqual(['c', 'b', 'a']);
  });

  it('shows a day in its order', () => {
    const all = [
      toSchedule('evening', { enabled: true, kind: 'sunset', days: [1] }),
      toSchedule('late', { enabled: true, kind: 'time', time: '22:00', days: [1, 2] }),
      toSchedule('early', { enabled: true, kind: 'time', time: '06:30', days: [1] }),
      toSchedule('off', { enabled: false, kind: 'time', time: '07:00', days: [1] }),
      toSchedule('once', { enabled: true, kind: 'once', days: [1] }),
    ];
    expect(onDay(all, 1).map(({ id }) => id)).toEqual(['early', 'evening', 'late']);
    expect(onDay(all, 2).map(({ id }) => id)).toEqual(['late']);
    expect(onDay(all, 3)).toEqual([]);
  });
});
