/** Alerts of a device: their rules, how they stand, and what has become of them. */
import type { DocumentData } from 'firebase/firestore';
import { number, text } from './fields';
import { toMillis } from './times';

export const SEVERITIES = ['info', 'warning', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

export const OPS = ['above', 'below', 'equals', 'differs'] as const;
export type Op = (typeof OPS)[number];

export type Limit = number | string | boolean;

/** What an alert watches for. */
export type Rule =
  | {
      kind: 'threshold';
      event: string;
      metric: string | undefined;
      op: Op;
      value: Limit;
      clear: number | undefined;
      forSeconds: number;
    }
  | { kind: 'silence'; event: string | undefined; silentSeconds: number };

export type AlertState = 'normal' | 'pending' | 'firing';

export interface Alert {
  id: string;
  name: string;
  severity: Severity;
  enabled: boolean;
  /** Switched off by itself, because it changed too often. */
  flapping: boolean;
  rule: Rule;
  state: AlertState;
  /** Since when it has been in this state, as far as events say. */
  since: number | undefined;
  observed: Limit | undefined;
  acknowledgedAt: number | undefined;
  /** How often a critical one is reported again; 0 for never. */
  remindHours: number;
  /** The tenure that it belongs to. */
  claimEpoch: number;
}

/** An alert began or ceased to fire, or fires still. */
export interface AlertEntry {
  id: string;
  alertId: string;
  name: string;
  severity: Severity;
  what: 'fired' | 'over' | 'was' | 'reminder' | 'flapping';
  at: number | undefined;
  observed: Limit | undefined;
}

function toSeverity(value: unknown): Severity {
  return SEVERITIES.find((one) => one === value) ?? 'warning';
}

function toLimit(value: unknown): Limit | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? value
    : undefined;
}

function toRule(data: DocumentData): Rule {
  if (data.kind === 'silence') {
    return {
      kind: 'silence',
      event: text(data.event) || undefined,
      silentSeconds: number(data.silentSeconds) ?? 0,
    };
  }
  return {
    kind: 'threshold',
    event: text(data.event),
    metric: text(data.metric) || undefined,
    op: OPS.find((one) => one === data.op) ?? 'above',
    value: toLimit(data.value) ?? 0,
    clear: number(data.clear),
    forSeconds: number(data.forSeconds) ?? 0,
  };
}

/** From `…/devices/{deviceId}/alerts/{alertId}`. */
export function toAlert(id: string, data: DocumentData): Alert {
  return {
    id,
    name: text(data.name),
    severity: toSeverity(data.severity),
    enabled: data.enabled === true,
    flapping: data.disabledReason === 'flapping',
    rule: toRule(data),
    state: data.state === 'firing' || data.state === 'pending' ? data.state : 'normal',
    since: toMillis(data.since),
    observed: toLimit(data.observed),
    acknowledgedAt: toMillis(data.acknowledgedAt),
    remindHours: number(data.remindHours) ?? 0,
    claimEpoch: number(data.claimEpoch) ?? 0,
  };
}

function whatOf(data: DocumentData): AlertEntry['what'] {
  if (data.disabledReason === 'flapping') return 'flapping';
  if (data.to === 'firing') return data.from === 'firing' ? 'reminder' : 'fired';
  return data.from === 'firing' ? 'over' : 'was';
}

/** From `…/devices/{deviceId}/alertLog/{id}`. */
export function toAlertEntry(id: string, data: DocumentData): AlertEntry {
  const steps = Array.isArray(data.steps) ? (data.steps as DocumentData[]) : [];
  const last = steps.at(-1);
  return {
    id,
    alertId: text(data.alertId),
    name: text(data.name),
    severity: toSeverity(data.severity),
    what: whatOf(data),
    at: toMillis(data.at),
    observed: toLimit(last?.value),
  };
}

/** From the field `firing` of a device: the gravest severity of the alerts that fire, and their number. */
export function toFiring(firing: unknown): { count: number; severity: Severity } | undefined {
  if (typeof firing !== 'object' || firing === null) return undefined;
  const all = Object.values(firing).map(toSeverity);
  const worst = SEVERITIES.findLast((one) => all.includes(one));
  return worst && { count: all.length, severity: worst };
}

/** The first shown are those that need somebody. */
export function byUrgency(a: Alert, b: Alert): number {
  const rank = ({ state, severity }: Alert) =>
    (state === 'firing' ? 10 : state === 'pending' ? 5 : 0) + SEVERITIES.indexOf(severity);
  return rank(b) - rank(a) || a.name.localeCompare(b.name);
}

/** What a person typed as a limit: a number with a point or a comma; undefined for anything else. */
export function toNumber(typed: string): number | undefined {
  const trimmed = typed.trim().replace(',', '.').replace('−', '-');
  if (!/^[+-]?(\d+\.?\d*|\.\d+)$/.test(trimmed)) return undefined;
  return Number(trimmed);
}
