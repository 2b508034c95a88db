/** The product's kinds of devices, and what is sensible for one that nobody described. */
import { IconCpu } from '@tabler/icons-react';
import { speech } from '../messages/i18n';
import type { Device } from '../model/device';
import { numberText } from '../model/numbers';
import type { Command } from '../model/records';
import { type Json, partsOf } from '../model/values';
import { pump } from './kinds/pump';
import { thermostat } from './kinds/thermostat';
import { tracker } from './kinds/tracker';
import type { Control, Kind, ReadingDescription, Source, Words } from './types';

/** The first that a device fits is its kind. */
export const KINDS: readonly Kind[] = [thermostat, pump, tracker];

export function kindOf(device: Device): Kind | undefined {
  return KINDS.find((kind) => kind.is(device));
}

export function iconOf(device: Device): Kind['icon'] {
  return kindOf(device)?.icon ?? IconCpu;
}

/** In the reader's language. */
export function say(words: Words, language: string = speech.language): string {
  if (typeof words === 'string') return words;
  return words[language] ?? words.en;
}

function controlOf(device: Device, called: string): Control | undefined {
  return kindOf(device)?.controls.find(
    (one) => one.function === called || (one.type === 'switch' && one.offFunction === called),
  );
}

/** The words of the control that calls a function of the device; else the function's own name. */
export function nameOfFunction(device: Device, called: string): string {
  const control = controlOf(device, called);
  // A switch with two functions tells by their names alone which way it was turned.
  if (!control || (control.type === 'switch' && control.offFunction)) return called;
  return say(control.label);
}

/** What was wished with a command: the control's label, and what it was set to. */
export function wish(
  device: Device,
  { function: called, argument }: Pick<Command, 'function' | 'argument'>,
  words: { on: string; off: string },
): { name: string; set: string } {
  const control = controlOf(device, called);
  const name = control ? say(control.label) : called;
  switch (control?.type) {
    case 'button':
      return { name, set: '' };
    case 'switch': {
      const { off, offFunction } = control;
      const isOff = offFunction ? called === offFunction : argument === off;
      return { name, set: isOff ? words.off : words.on };
    }
    case 'slider': {
      const number = Number(argument);
      if (!Number.isFinite(number)) return { name, set: argument };
      return { name, set: numberText(number, { unit: control.unit }, speech.locale) };
    }
    default:
      return { name, set: argument };
  }
}

/** The newest value at a source, with its time; undefined when none was received. */
export function newest(
  device: Device,
  { event, part }: Source,
): { value: Json; at: number | undefined } | undefined {
  const latest = device.latest.find((entry) => entry.event === event);
  if (!latest) return undefined;
  const value =
    part === undefined ? latest.value : partsOf(latest.value).find(([name]) => name === part)?.[1];
  return value === undefined ? undefined : { value, at: latest.publishedAt };
}

/** Everything of a device that can be drawn: what its kind describes, then what else are numbers. */
export function charted(device: Device): ReadingDescription[] {
  const described = (kindOf(device)?.readings ?? []).filter((reading) => {
    if (reading.chart === false) return false;
    const seen = newest(device, reading);
    return seen ? typeof seen.value === 'number' : reading.unit !== undefined;
  });
  const known = new Set((kindOf(device)?.readings ?? []).map(keyOf));
  const others = device.latest.flatMap(({ event, value }): ReadingDescription[] =>
    typeof value === 'number'
      ? [{ event, name: event }]
      : partsOf(value)
          .filter(([, part]) => typeof part === 'number')
          .map(([part]) => ({ event, part, name: `${event} · ${part}` })),
  );
  return [...described, ...others.filter((other) => !known.has(keyOf(other)))];
}

/** Names a source among others. */
export function keyOf({ event, part }: Source): string {
  return part === undefined ? event : `${event}/${part}`;
}

/** The events that no reading of the kind is about. */
export function undescribed(device: Device): Device['latest'] {
  const described = new Set((kindOf(device)?.readings ?? []).map(({ event }) => event));
  return device.latest.filter(({ event }) => !described.has(event));
}
