/** The product's kinds of devices, and what is sensible for one that nobody described. */
import { IconCpu } from '@tabler/icons-react';
import { speech } from '../messages/i18n';
import type { Device, Note } from '../model/device';
import { isolated } from '../model/names';
import { numberText } from '../model/numbers';
import type { Command, CommandState } from '../model/records';
import { type Json, partsOf } from '../model/values';
import { pump } from './kinds/pump';
import { thermostat } from './kinds/thermostat';
import { tracker } from './kinds/tracker';
import type { Control, Kind, ReadingDescription, Source, SwitchControl, Words } from './types';

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
  return (Object.hasOwn(words, language) && words[language]) || words.en;
}

/** The control that calls a function of the device. */
export function controlOf(device: Device, called: string): Control | undefined {
  return kindOf(device)?.controls.find((control) => isFor(control, { function: called }));
}

/** Whether a command comes from a control. */
export function isFor(control: Control, { function: called }: Pick<Command, 'function'>): boolean {
  return (
    control.function === called || (control.type === 'switch' && control.offFunction === called)
  );
}

/**
 * What a command has come to, as people see it. `refused`: the device was reached, and its answer
 * says no. `replaced`: a newer one took its place before it was sent. `answered`: a negative answer of a function that nobody described, which may be a no.
 */
export type Standing = CommandState | 'refused' | 'answered' | 'replaced';

type Answered = Pick<Command, 'function' | 'status' | 'returnValue'> &
  Partial<Pick<Command, 'replaced'>>;

export function standingOf(
  device: Device,
  { status, returnValue, replaced, ...called }: Answered,
): Standing {
  if (status === 'cancelled' && replaced) return 'replaced';
  if (status !== 'succeeded' || returnValue === undefined) return status;
  const control = controlOf(device, called.function);
  if (control) return isRefusal(control, returnValue) ? 'refused' : status;
  return returnValue < 0 ? 'answered' : status;
}

/** Whether an answer of a control's function means no. */
export function isRefusal({ refuses }: Pick<Control, 'refuses'>, answer: number): boolean {
  return refuses ? refuses(answer) : answer < 0;
}

/** Why the device has refused, where its kind knows. */
export function refusalOf(
  device: Device,
  { returnValue, ...called }: Answered,
): string | undefined {
  const why = controlOf(device, called.function)?.refusals;
  if (!why || returnValue === undefined || !Object.hasOwn(why, returnValue)) return undefined;
  const words = why[returnValue];
  return words && say(words);
}

/** What is wished with a call of a switch. */
export function isOn(
  { off, offFunction }: SwitchControl,
  { function: called, argument }: Wish,
): boolean {
  return offFunction ? called !== offFunction : argument !== off;
}

/** The words of the control that calls a function of the device; else the function's own name. */
export function nameOfFunction(device: Device, called: string, words: OnOff): string {
  const control = controlOf(device, called);
  if (!control) return called;
  // Where the function alone tells which way a switch was turned, it is said.
  if (control.type !== 'switch' || !control.offFunction) return say(control.label);
  return `${say(control.label)}: ${called === control.offFunction ? words.off : words.on}`;
}

type Wish = Pick<Command, 'function' | 'argument'>;
type OnOff = { on: string; off: string };

/** What was wished with a command: the control's label, and what it was set to. */
export function wish(
  device: Device,
  { function: called, argument }: Wish,
  words: OnOff,
): { name: string; set: string } {
  const control = controlOf(device, called);
  const name = control ? say(control.label) : called;
  switch (control?.type) {
    case 'button':
      return { name, set: '' };
    case 'switch':
      return { name, set: isOn(control, { function: called, argument }) ? words.on : words.off };
    case 'slider': {
      const number = Number(argument);
      if (!Number.isFinite(number)) return { name, set: argument };
      return { name, set: numberText(number, { unit: control.unit }, speech.locale) };
    }
    default:
      return { name, set: argument };
  }
}

/** Whether a note's path is that of a part, or leads on from there. */
function isWithin(path: string, part: string): boolean {
  return path === part || path.startsWith(`${part}.`);
}

/** A part or all of what an event published last. */
interface Newest {
  value: Json;
  at: number | undefined;
  /** Whether it, or another part, was too long to be kept whole. */
  truncated: boolean;
  notes: Note[];
}

/** The newest value at a source, with its time; undefined when none was received. */
export function newest(device: Device, { event, part }: Source): Newest | undefined {
  const latest = device.latest.find((entry) => entry.event === event);
  if (!latest) return undefined;
  const value =
    part === undefined ? latest.value : partsOf(latest.value).find(([name]) => name === part)?.[1];
  if (value === undefined) return undefined;
  const { publishedAt: at, truncated, notes } = latest;
  if (part === undefined) return { value, at, truncated, notes };
  return {
    value,
    at,
    // Of an object, texts and lists are cut.
    truncated: truncated && (typeof value === 'string' || typeof value === 'object'),
    notes: notes
      .filter(({ path }) => isWithin(path, part))
      .map(({ path, why }) => ({ path: path.slice(part.length + 1), why })),
  };
}

/** Everything of a device that can be drawn: what its kind describes, then what else are numbers. */
export function charted(device: Device): ReadingDescription[] {
  const described = (kindOf(device)?.readings ?? []).filter((reading) => {
    if (reading.chart === false) return false;
    const seen = newest(device, reading);
    return seen ? typeof seen.value === 'number' : reading.unit !== undefined;
  });
  const known = new Set(sourcesOf(device).map(keyOf));
  const others = device.latest.flatMap(({ event, value }): ReadingDescription[] =>
    typeof value === 'number'
      ? [{ event, name: event }]
      : partsOf(value)
          .filter(([, part]) => typeof part === 'number')
          .map(([part]) => ({ event, part, name: `${isolated(event)} · ${isolated(part)}` })),
  );
  return [...described, ...others.filter((other) => !known.has(keyOf(other)))];
}

/** Names a source among others. */
export function keyOf({ event, part }: Source): string {
  return part === undefined ? event : `${event}/${part}`;
}

/** What of the newest values the description of the kind says nothing about. */
export function undescribed(device: Device): Device['latest'] {
  return device.latest.flatMap((entry) => {
    const about = sourcesOf(device).filter(({ event }) => event === entry.event);
    if (about.some(({ part }) => part === undefined)) return [];
    const parts = partsOf(entry.value);
    const rest = parts.filter(([name]) => !about.some(({ part }) => part === name));
    // As a whole, also where it is not the object that its description expects.
    if (rest.length === parts.length) return [entry];
    if (rest.length === 0) return [];
    const notes = entry.notes.filter(
      ({ path }) => !about.some(({ part }) => part !== undefined && isWithin(path, part)),
    );
    return [{ ...entry, value: Object.fromEntries(rest), notes }];
  });
}

/** All that the description of the kind is about, shown or hidden. */
function sourcesOf(device: Device): readonly Source[] {
  const kind = kindOf(device);
  return [...(kind?.readings ?? []), ...(kind?.hidden ?? [])];
}

/** The readings on a device's card: those meant for it that have a value, else the first that have one. */
export function onCard(device: Device, most: number): readonly ReadingDescription[] {
  const seen = (kindOf(device)?.readings ?? []).filter((reading) => newest(device, reading));
  const meant = seen.filter((reading) => reading.onCard);
  return meant.length > 0 ? meant : seen.slice(0, most);
}

/** What devices send may be called as something that every object has: `constructor`, `toString`. */
function wordFor(value: Json, words: ReadingDescription['words']): Words | undefined {
  // No text can be made of an object with a `toString` of its own.
  if (!words || (typeof value === 'object' && value !== null)) return undefined;
  const name = String(value);
  return Object.hasOwn(words, name) ? words[name] : undefined;
}

/** A value with its unit, or the word for it, as far as that is described. */
export function described(
  value: Json,
  { unit, digits, words }: Pick<ReadingDescription, 'unit' | 'digits' | 'words'>,
): Json {
  const word = wordFor(value, words);
  if (word !== undefined) return say(word);
  if (typeof value !== 'number') return value;
  return numberText(value, { unit, digits }, speech.locale);
}

/**
 * An event in the words of the device's kind. The parts of one have their own names, so that it needs
 * none; what nobody described is told as it came.
 */
export function told(
  device: Device,
  { event, value }: { event: string; value: Json },
): { name: string; value: Json } {
  const kind = kindOf(device);
  const about = (kind?.readings ?? []).filter((reading) => reading.event === event);
  const whole = about.find(({ part }) => part === undefined);
  if (whole) return { name: say(whole.name), value: described(value, whole) };
  let known = false;
  const hidden = new Set((kind?.hidden ?? []).map(keyOf));
  const parts = partsOf(value)
    .filter(([part]) => !hidden.has(keyOf({ event, part })))
    .map(([name, part]): [string, Json] => {
      const reading = about.find((one) => one.part === name);
      if (!reading) return [name, part];
      known = true;
      return [say(reading.name), described(part, reading)];
    });
  return known ? { name: '', value: Object.fromEntries(parts) } : { name: event, value };
}
