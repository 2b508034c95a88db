/**
 * What a control shows: for a while after a command what was wished with it, since what the device
 * publishes of it is still on its way; else what is known.
 */
import type { Device } from '../model/device';
import { type Command, isUnderWay } from '../model/records';
import { isFor, isOn, newest, standingOf } from '.';
import type { Control, SliderControl, Source, SwitchControl } from './types';

/** Milliseconds after a command's end for which its wish is shown, if nothing newer is published. */
export const WISH_MS = 30_000;

/**
 * Until when the wishes of commands count, on this machine's clock, which may be wrong: of a command
 * that was seen under way here, from the moment on that its end was seen.
 */
export class Ends {
  private readonly underWay = new Set<string>();
  private readonly seen = new Map<string, number>();

  /** `own`: it was sent from here. */
  follow(command: Command, now: number, own: boolean): void {
    if (own || isUnderWay(command)) this.underWay.add(command.id);
    if (!isUnderWay(command) && !this.seen.has(command.id)) this.seen.set(command.id, now);
  }

  until({ id, finishedAt }: Command): number {
    const seen = (this.seen.get(id) ?? Number.NEGATIVE_INFINITY) + WISH_MS;
    if (this.underWay.has(id) || finishedAt === undefined) return seen;
    return Math.min(seen, finishedAt + WISH_MS);
  }
}

/**
 * The command whose wish is shown, of a control's calls, newest first. What the device published
 * before the command's end does not undo it, whenever that arrives.
 */
export function wishOf(
  control: Control & { shows?: Source },
  device: Device,
  calls: readonly Command[],
  now: number,
  ends: Ends,
): Command | undefined {
  const at = control.shows && newest(device, control.shows)?.at;
  for (const call of calls) {
    if (!isFor(control, call)) continue;
    switch (standingOf(device, call)) {
      case 'queued':
      case 'sent':
        return call;
      case 'succeeded': {
        const { finishedAt } = call;
        const isOver = at !== undefined && finishedAt !== undefined && at > finishedAt;
        return isOver || now >= ends.until(call) ? undefined : call;
      }
      case 'unknown':
        return undefined;
    }
    // The device has done nothing: what was wished before may still count.
  }
  return undefined;
}

/** The last command that the device has done. */
export function lastDone(
  control: Control,
  device: Device,
  calls: readonly Command[],
): Command | undefined {
  return calls.find((call) => isFor(control, call) && standingOf(device, call) === 'succeeded');
}

/** Whether a switch is on, as far as that is known: the device has said so, or has done so last. */
export function isKnownOn(
  control: SwitchControl,
  device: Device,
  calls: readonly Command[],
): boolean | undefined {
  const seen = newest(device, control.shows)?.value;
  // Of another type it is nothing that the switch knows.
  if (seen !== undefined) {
    return typeof seen === typeof control.shows.is ? seen === control.shows.is : undefined;
  }
  const done = lastDone(control, device, calls);
  return done && isOn(control, done);
}

/** What a slider is set to, as far as that is known: as the device says, else as it was last set. */
export function knownSetting(
  control: SliderControl,
  device: Device,
  calls: readonly Command[],
): number | undefined {
  const seen = control.shows && newest(device, control.shows)?.value;
  if (seen !== undefined) return typeof seen === 'number' ? seen : undefined;
  const done = lastDone(control, device, calls);
  return done && setTo(done);
}

/** The number that a slider was set to with a command. */
export function setTo({ argument }: Pick<Command, 'argument'>): number | undefined {
  return argument !== '' && Number.isFinite(Number(argument)) ? Number(argument) : undefined;
}
