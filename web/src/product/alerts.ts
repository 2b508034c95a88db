/** What can be watched of a device, and the words for it. */
import type { Device } from '../model/device';
import { isolated } from '../model/names';
import { partsOf } from '../model/values';
import { keyOf, kindOf, newest, say, undescribed } from '.';
import type { ReadingDescription, Source, SuggestedAlert } from './types';

export interface Watchable extends Source {
  key: string;
  label: string;
  /** The type of the newest value, which a limit has to have. */
  type: 'number' | 'string' | 'boolean';
  reading: ReadingDescription | undefined;
}

function typeOf(value: unknown): Watchable['type'] | undefined {
  const type = typeof value;
  return type === 'number' || type === 'string' || type === 'boolean' ? type : undefined;
}

/** All values of a device that an alert can watch: those that its kind describes come first. */
export function watchable(device: Device): Watchable[] {
  const described = (kindOf(device)?.readings ?? []).flatMap((reading): Watchable[] => {
    const seen = newest(device, reading)?.value;
    const type = typeOf(seen) ?? (reading.unit === undefined ? undefined : 'number');
    const { event, part } = reading;
    return type
      ? [{ event, part, key: keyOf(reading), label: say(reading.name), type, reading }]
      : [];
  });
  const others = undescribed(device).flatMap(({ event, value }): Watchable[] => {
    const type = typeOf(value);
    if (type) return [{ event, key: event, label: isolated(event), type, reading: undefined }];
    return partsOf(value).flatMap(([part, one]): Watchable[] => {
      const inner = typeOf(one);
      const source = { event, part };
      const label = `${isolated(event)} · ${isolated(part)}`;
      return inner
        ? [{ ...source, key: keyOf(source), label, type: inner, reading: undefined }]
        : [];
    });
  });
  return [...described, ...others];
}

/** The alerts that the device's kind suggests. */
export function suggested(device: Device): readonly SuggestedAlert[] {
  return kindOf(device)?.alerts ?? [];
}
