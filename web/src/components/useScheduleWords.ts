import { useTranslation } from 'react-i18next';
import { speech } from '../messages/i18n';
import type { Device } from '../model/device';
import { DAYS, dayName, type Schedule } from '../model/schedules';
import { wish } from '../product';

interface ScheduleWords {
  /** What is done, such as “Heating: on”. */
  what: (call: { function: string; argument: string }) => string;
  /** When, without the days: a time, or where the sun is. */
  time: (schedule: Schedule) => string;
  /** The days of the week. */
  days: (schedule: Schedule) => string;
}

/** Schedules of a device in the words of its kind. */
export function useScheduleWords(device: Device): ScheduleWords {
  const { t } = useTranslation();
  const what: ScheduleWords['what'] = (call) => {
    const { name, set } = wish(device, call, { on: t('common.on'), off: t('common.off') });
    return set ? `${name}: ${set}` : name;
  };
  const time: ScheduleWords['time'] = ({ kind, time: local, offsetMinutes }) => {
    if (kind !== 'sunrise' && kind !== 'sunset') return local;
    if (offsetMinutes === 0) return t(`schedules.${kind}`);
    const sun = t(`schedules.${kind}Noun`);
    const count = Math.abs(offsetMinutes);
    return t(offsetMinutes > 0 ? 'schedules.after' : 'schedules.before', { count, sun });
  };
  const days: ScheduleWords['days'] = (schedule) =>
    schedule.days.length === DAYS.length
      ? t('schedules.every')
      : new Intl.ListFormat(speech.locale, { type: 'unit', style: 'short' }).format(
          schedule.days.map((day) => dayName(day, speech.locale)),
        );
  return { what, time, days };
}
