import { describe, expect, it, vi } from 'vitest';
import { toDevice } from '../model/device';
import { type Command, toCommand } from '../model/records';
import { controlOf } from '.';
import { Ends, isKnownOn, knownSetting, lastDone, WISH_MS, wishOf } from './wishes';

// Before the imports: the language is chosen when the messages' module is loaded.
vi.hoisted(() => vi.stubGlobal('navigator', { languages: ['en-GB'] }));

const NOW = 1_000_000;

/** A thermostat whose mode was published at that time. */
const heating = (publishedAt?: number) =>
  toDevice('abc', {
    serialNumber: 'TH-1',
    latest: publishedAt ? { state: { value: { mode: 'off' }, publishedAt } } : {},
  });

const command = (id: string, status: string, more: object = {}) =>
  toCommand(id, { function: 'set_mode', argument: 'heat', status, ...more });

const done = (id: string, finishedAt: number, returnValue = 0) =>
  command(id, 'succeeded', { finishedAt, returnValue });

function shown(
  calls: readonly Command[],
  { at, now = NOW, ends = new Ends() }: { at?: number; now?: number; ends?: Ends } = {},
) {
  const device = heating(at);
  const control = controlOf(device, 'set_mode');
  if (!control) throw new Error('A thermostat can be switched');
  for (const call of calls) ends.follow(call, now, false);
  return wishOf(control, device, calls, now, ends)?.id;
}

describe('the wish of a command is shown', () => {
  it('while the device is still to do it', () => {
    expect(shown([command('a', 'queued')], { at: NOW })).toBe('a');
    expect(shown([command('b', 'sent'), done('a', NOW - 1)], { at: NOW })).toBe('b');
    expect(shown([toCommand('c', { function: 'set_target', status: 'sent' })])).toBeUndefined();
  });

  it('until a value published after its end', () => {
    expect(shown([done('a', NOW - 100)])).toBe('a');
    // Published before, however late it arrives.
    expect(shown([done('a', NOW - 100)], { at: NOW - 101 })).toBe('a');
    expect(shown([done('a', NOW - 100)], { at: NOW - 99 })).toBeUndefined();
  });

  it('for half a minute at most', () => {
    expect(shown([done('a', NOW - WISH_MS + 1)])).toBe('a');
    expect(shown([done('a', NOW - WISH_MS)])).toBeUndefined();
  });

  it('for half a minute on a clock that is wrong, too', () => {
    for (const wrong of [-3_600_000, 3_600_000]) {
      const ends = new Ends();
      const now = NOW + wrong;
      const look = (calls: Command[], later: number) => shown(calls, { now: now + later, ends });
      expect(look([command('a', 'sent')], 0)).toBe('a');
      expect(look([done('a', NOW + 100)], 100)).toBe('a');
      expect(look([done('a', NOW + 100)], 100 + WISH_MS - 1)).toBe('a');
      expect(look([done('a', NOW + 100)], 100 + WISH_MS)).toBeUndefined();
    }
    const slow = new Ends();
    const now = NOW - 3_600_000;
    expect(shown([done('a', NOW)], { now, ends: slow })).toBe('a');
    expect(shown([done('a', NOW)], { now: now + WISH_MS, ends: slow })).toBeUndefined();
  });

  it.each(['failed', 'expired', 'cancelled', 'replaced'])('not of one that was %s', (status) => {
    const replaced = status === 'replaced';
    const over = command('b', replaced ? 'cancelled' : status, { replaced });
    expect(shown([over])).toBeUndefined();
    // What was wished before it still counts.
    expect(shown([over, done('a', NOW - 1)])).toBe('a');
  });

  it('not of one that was refused, nor when nobody knows what it came to', () => {
    expect(shown([done('b', NOW - 1, -7)])).toBeUndefined();
    expect(shown([command('b', 'unknown'), done('a', NOW - 1)])).toBeUndefined();
  });
});

describe('what is known', () => {
  const control = controlOf(heating(), 'set_mode');
  if (control?.type !== 'switch') throw new Error('A thermostat can be switched');
  const calls = [done('c', 3, -7), command('b', 'failed'), done('a', 1)];

  it('is what the device says, else what it has done last, and no refusal', () => {
    expect(lastDone(control, heating(), calls)?.id).toBe('a');
    expect(isKnownOn(control, heating(), calls)).toBe(true);
    expect(isKnownOn(control, heating(1), calls)).toBe(false);
  });

  it('is not off where nobody has told', () => {
    expect(isKnownOn(control, heating(), [])).toBeUndefined();
    const odd = toDevice('abc', {
      serialNumber: 'TH-1',
      latest: { state: { value: { mode: null, target: 'warm' } } },
    });
    expect(isKnownOn(control, odd, [])).toBeUndefined();
    const target = controlOf(odd, 'set_target');
    if (target?.type !== 'slider') throw new Error('A thermostat has a target');
    expect(knownSetting(target, odd, [])).toBeUndefined();
    expect(knownSetting(target, heating(), [])).toBeUndefined();
  });
});
