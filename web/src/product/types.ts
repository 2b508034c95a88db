/** How a product kind is described: one file per kind in `kinds/`, collected in `index.ts`. */
import type { TablerIcon } from '@tabler/icons-react';
import type { Limit, Op, Severity } from '../model/alerts';
import type { Device } from '../model/device';

/** Words for people: one for all languages, or one for each, English at least. */
export type Words = string | ({ readonly en: string } & Readonly<Record<string, string>>);

/**
 * Where a value is found: an event's whole value, or a part of the object that it is, by its path, as
 * in `loc.lat`.
 */
export interface Source {
  readonly event: string;
  readonly part?: string;
}

/** A value that the device publishes. Numbers also get a chart, unless `chart` is false. */
export interface ReadingDescription extends Source {
  readonly name: Words;
  readonly icon?: TablerIcon;
  /** Written after the number. */
  readonly unit?: string;
  /** Fraction digits shown. */
  readonly digits?: number;
  /** Words in place of values, by the value as text: `{ true: 'on', false: 'off' }`. */
  readonly words?: Readonly<Record<string, Words>>;
  readonly chart?: boolean;
  /** Whether it is on the device's card in the list, too. */
  readonly onCard?: boolean;
}

/** What calling a function from a control has in common. */
interface Calling {
  readonly label: Words;
  /** Name of the function on the device. */
  readonly function: string;
  /**
   * Whether the command waits for a device that is offline, for how many seconds. Without it, it
   * fails then: right for what is only wanted now.
   */
  readonly queueSeconds?: number;
  /** Whether an answer of the function means that the device refused; without it, negative ones do. */
  readonly refuses?: (answer: number) => boolean;
  /** Why it refused, by its answer; said after a colon. */
  readonly refusals?: Readonly<Record<number, Words>>;
}

export interface ButtonControl extends Calling {
  readonly type: 'button';
  readonly argument?: string;
  readonly icon?: TablerIcon;
  /** Asked before it is done. */
  readonly confirm?: Words;
}

/** Two states; the function is called with one of the two arguments. */
export interface SwitchControl extends Calling {
  readonly type: 'switch';
  readonly on: string;
  readonly off: string;
  /** Another function for off, where it is not the argument that tells. */
  readonly offFunction?: string;
  /** Where the present state is seen, and the value that means on. */
  readonly shows: Source & { readonly is: string | boolean | number };
}

export interface SliderControl extends Calling {
  readonly type: 'slider';
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly unit?: string;
  /** Where the present value is seen; without it, what was last set here is shown. */
  readonly shows?: Source;
}

export interface TextControl extends Calling {
  readonly type: 'text';
  readonly maxLength: number;
  readonly hint?: Words;
}

export type Control = ButtonControl | SwitchControl | SliderControl | TextControl;

/** A variable that is read from the device when asked for. */
export interface VariableDescription {
  readonly name: string;
  readonly label: Words;
  readonly unit?: string;
  readonly digits?: number;
  readonly words?: Readonly<Record<string, Words>>;
}

/** An alert that a kind suggests: a value beyond a limit, or a silence. */
export type SuggestedAlert = {
  readonly name: Words;
  readonly severity: Severity;
} & (
  | (Source & {
      readonly op: Op;
      readonly value: Limit;
      readonly clear?: number;
      readonly forSeconds?: number;
    })
  | { readonly silentSeconds: number }
);

export interface Kind {
  readonly name: Words;
  readonly icon: TablerIcon;
  /** Whether a device is of this kind. */
  readonly is: (device: Pick<Device, 'serialNumber' | 'platformId' | 'productId'>) => boolean;
  readonly readings: readonly ReadingDescription[];
  /** What only the firmware and the server need: it is neither shown nor charted. */
  readonly hidden?: readonly Source[];
  readonly controls: readonly Control[];
  readonly variables: readonly VariableDescription[];
  /** Alerts that are offered with one press. */
  readonly alerts?: readonly SuggestedAlert[];
}
