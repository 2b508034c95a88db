import { describe, expect, it, vi } from 'vitest';
import { toDevice } from '../model/device';
import {
  charted,
  described,
  isRefusal,
  KINDS,
  keyOf,
  kindOf,
  nameOfFunction,
  newest,
  onCard,
  refusalOf,
  say,
  standingOf,
  told,
  undescribed,
  wish,
} from '.';

// Before the imports: the language is chosen when the messages' module is loaded.
vi.hoisted(() => vi.stubGlobal('navigator', { languages: ['en-GB'] }));

const device = (serialNumber: string, latest: Record<string, unknown>) =>
  toDevice('abc', {
    serialNumber,
    latest: Object.fromEntries(
      Object.entries(latest).map(([event, value]) => [event, { value, publishedAt: 1 }]),
    ),
  });

describe('kinds', () => {
  it('are told by their serial numbers', () => {
    expect(say(kindOf(device('PM-0815-0042', {}))?.name ?? '', 'de')).toBe('Pumpe');
    expect(kindOf(device('XX-1', {}))).toBeUndefined();
  });

  it.each(KINDS.map((kind) => [say(kind.name, 'en'), kind] as const))(
    'have controls that can be used: %s',
    (_, kind) => {
      for (const control of kind.controls) {
        expect(control.function).toMatch(/^[A-Za-z0-9_]{1,64}$/);
        expect(control.queueSeconds ?? 1).toBeLessThanOrEqual(604_800);
        if (control.type === 'slider') expect(control.min).toBeLessThan(control.max);
      }
      const keys = [...kind.readings, ...(kind.hidden ?? [])].map(keyOf);
      expect(new Set(keys).size).toBe(keys.length);
    },
  );
});

describe('a device', () => {
  it('has a chart for each number, described first, and none for what is no number', () => {
    const seen = device('TH-1', {
      temperature: 21,
      state: { target: 20, mode: 'heat', heating: true },
      soil: { moisture: 3, note: 'dry' },
      door: 'open',
    });
    expect(charted(seen).map(keyOf)).toEqual(['temperature', 'state/target', 'soil/moisture']);
    expect(undescribed(seen).map(({ event }) => event)).toEqual(['door', 'soil']);
  });

  it('has charts of what is described before the first value came', () => {
    expect(charted(device('GT-1', {})).map(keyOf)).toEqual([
      'loc/loc.spd',
      'loc/loc.alt',
      'loc/loc.temp',
      'loc/loc.batt',
    ]);
    expect(charted(device('XX-1', {}))).toEqual([]);
  });

  it('has charts of the numbers below nested objects that nobody described', () => {
    const seen = device('XX-1', { report: { air: { co2: 420, unit: 'ppm' }, n: 3 } });
    expect(charted(seen).map(keyOf)).toEqual(['report/air.co2', 'report/n']);
    expect(newest(seen, { event: 'report', part: 'air.co2' })?.value).toBe(420);
  });

  it('has the newest value of a part', () => {
    const seen = device('TH-1', { state: { target: 20 } });
    expect(newest(seen, { event: 'state', part: 'target' })).toMatchObject({ value: 20, at: 1 });
    expect(newest(seen, { event: 'state', part: 'mode' })).toBeUndefined();
    expect(newest(seen, { event: 'none' })).toBeUndefined();
  });
});

/** As Particle's firmware for trackers publishes it. */
const LOC = {
  cmd: 'loc',
  time: 1772356510,
  loc: { lck: 1, time: 1772356508, lat: 47.2692, lon: 11.4041, spd: 12.04, cell: 61, sats: 9 },
  trig: ['time'],
  req_id: 17,
};

describe('a tracker', () => {
  it('has the parts of its location, and hides what only the firmware needs', () => {
    const van = device('GT-1', { loc: LOC });
    expect(newest(van, { event: 'loc', part: 'loc.lat' })?.value).toBe(47.2692);
    expect(onCard(van, 3).map(keyOf)).toEqual(['loc/loc.spd', 'loc/loc.lat', 'loc/loc.lon']);
    expect(charted(van).map(keyOf)).toContain('loc/loc.sats');
    expect(charted(van).map(keyOf)).not.toContain('loc/time');
    expect(undescribed(van).map(({ event, value }) => [event, value])).toEqual([
      ['loc', { 'loc.sats': 9 }],
    ]);
    expect(told(van, { event: 'loc', value: LOC })).toEqual({
      name: '',
      value: {
        Latitude: '47.26920°',
        Longitude: '11.40410°',
        Speed: '12.0\u00a0m/s',
        'loc.sats': 9,
      },
    });
  });
});

describe('what is not wholly described', () => {
  it('shows the parts of an event that no reading is about', () => {
    const seen = device('TH-1', { state: { target: 20, mode: 'heat', fault: 'E7' } });
    expect(undescribed(seen).map(({ event, value }) => [event, value])).toEqual([
      ['state', { fault: 'E7' }],
    ]);
    const notes = ['target', 'fault'].map((path) => ({ path, why: 'not a number' }));
    const [odd] = device('TH-1', { state: { target: null, fault: null } }).latest;
    const [rest] = undescribed({ ...seen, latest: odd ? [{ ...odd, notes }] : [] });
    expect(rest?.notes).toEqual([{ path: 'fault', why: 'not a number' }]);
    expect(undescribed(device('TH-1', { state: 'broken' }))).toHaveLength(1);
    expect(undescribed(device('TH-1', { temperature: 20 }))).toEqual([]);
  });

  it('has something on its card', () => {
    const readings = (latest: Record<string, unknown>) =>
      onCard(device('TH-1', latest), 3).map(keyOf);
    expect(readings({ temperature: 20, state: { mode: 'heat' } })).toEqual(['temperature']);
    expect(readings({ state: { mode: 'heat' } })).toEqual(['state/mode']);
    expect(readings({ door: 'open' })).toEqual([]);
  });
});

describe('an event', () => {
  it.each([
    ['TH-1', 'temperature', 20, 'Temperature', '20.0\u00a0°C'],
    ['TH-1', 'state', { mode: 'heat', fault: 7 }, '', { Mode: 'Heat', fault: 7 }],
    ['TH-1', 'door', 'open', 'door', 'open'],
    ['XX-1', 'state', { mode: 'heat' }, 'state', { mode: 'heat' }],
  ])('of %s, %s %j, is told as %j: %j', (serialNumber, event, value, name, words) => {
    expect(told(device(serialNumber, {}), { event, value })).toEqual({ name, value: words });
  });
});

describe('a command', () => {
  const words = { on: 'on', off: 'off' };

  it.each([
    ['TH-1', 'set_target', '21.5', 'Target temperature', '21.5\u00a0°C'],
    ['TH-1', 'set_target', 'warm', 'Target temperature', 'warm'],
    ['TH-1', 'set_mode', 'heat', 'Heating', 'on'],
    ['TH-1', 'set_mode', 'off', 'Heating', 'off'],
    ['PM-1', 'start', '', 'Pump', 'on'],
    ['PM-1', 'stop', '', 'Pump', 'off'],
    ['GT-1', 'locate', 'now', 'Report the position now', ''],
    ['GT-1', 'set_driver', 'Ada', 'Driver', 'Ada'],
    ['XX-1', 'set_target', '21.5', 'set_target', '21.5'],
  ])('of %s, %s(%s), is told as %s: %s', (serialNumber, called, argument, name, set) => {
    const told = wish(device(serialNumber, {}), { function: called, argument }, words);
    expect(told).toEqual({ name, set });
  });

  it.each([
    ['TH-1', 'set_target', 215, 'succeeded', undefined],
    ['TH-1', 'set_target', -2, 'refused', 'it must be 5 to 30 °C'],
    ['TH-1', 'set_mode', -1, 'refused', undefined],
    ['PM-1', 'stop', -7, 'refused', undefined],
    // Of a function that nobody described, a negative answer may be what was asked for.
    ['TH-1', 'outside', -4, 'answered', undefined],
    ['XX-1', 'set_target', -2, 'answered', undefined],
    ['XX-1', 'set_target', 0, 'succeeded', undefined],
  ])(
    'of %s, %s, that is answered %d, is %s because %s',
    (number, called, answer, standing, why) => {
      const one = device(number, {});
      const command = { function: called, status: 'succeeded' as const, returnValue: answer };
      expect(standingOf(one, command)).toBe(standing);
      expect(refusalOf(one, command)).toBe(why);
      expect(standingOf(one, { ...command, status: 'unknown' })).toBe('unknown');
    },
  );

  it('is refused by the answers that its control names', () => {
    expect([-1, 0, 1].map((answer) => isRefusal({}, answer))).toEqual([true, false, false]);
    const refuses = (answer: number) => answer === 0;
    expect([-1, 0, 1].map((answer) => isRefusal({ refuses }, answer))).toEqual([
      false,
      true,
      false,
    ]);
  });

  it('is named after its control, with the way of a switch that has two', () => {
    expect(nameOfFunction(device('TH-1', {}), 'set_mode', words)).toBe('Heating');
    expect(nameOfFunction(device('PM-1', {}), 'stop', words)).toBe('Pump: off');
    expect(nameOfFunction(device('XX-1', {}), 'stop', words)).toBe('stop');
  });
});

describe('what devices send is data, whatever it is called', () => {
  const OF_EVERY_OBJECT = ['constructor', '__proto__', 'toString', 'hasOwnProperty'];

  it.each(OF_EVERY_OBJECT)('as a value: %s', (value) => {
    const words = { heat: 'Heat' };
    expect(described(value, { words })).toBe(value);
    const state = { mode: value, toString: 1, valueOf: 2 };
    expect(described(state, { words })).toBe(state);
  });

  it.each(OF_EVERY_OBJECT)('as the name of an event: %s', (event) => {
    // As Firestore hands it out: `fromEntries` makes an own `__proto__`, a literal does not.
    const odd = device('TH-1', Object.fromEntries([[event, 20]]));
    expect(odd.latest.map((entry) => entry.event)).toEqual([event]);
    expect(charted(odd).map(keyOf)).toContain(event);
    expect(told(odd, { event, value: 20 })).toEqual({ name: event, value: 20 });
    expect(nameOfFunction(odd, event, { on: 'on', off: 'off' })).toBe(event);
  });

  it.each(OF_EVERY_OBJECT)('as the name of a part: %s', (part) => {
    const value = Object.fromEntries([[part, 20]]);
    const odd = device('XX-1', { state: value });
    expect(newest(odd, { event: 'state', part })?.value).toBe(20);
    expect(undescribed(odd).map((entry) => entry.value)).toEqual([value]);
  });

  it('as a language', () => {
    expect(say({ en: 'Heat' }, 'constructor')).toBe('Heat');
  });
});

describe('why a value is not what was published', () => {
  const odd = toDevice('abc', {
    serialNumber: 'TH-1',
    latest: {
      state: {
        value: { target: '9007199254740993', mode: 'heat' },
        valueNotes: [
          { path: 'target', why: 'an integer beyond 2^53' },
          { path: 'targets.0', why: 'not a number' },
        ],
        truncated: true,
      },
      temperature: { value: null, valueError: 'not a number', data: 'nan' },
    },
  });

  it('is told of the part alone that it is about', () => {
    expect(newest(odd, { event: 'state', part: 'target' })).toMatchObject({
      value: '9007199254740993',
      truncated: true,
      notes: [{ path: '', why: 'an integer beyond 2^53' }],
    });
    expect(newest(odd, { event: 'state', part: 'mode' })?.notes).toEqual([]);
  });

  it('is told of the whole', () => {
    expect(newest(odd, { event: 'temperature' })).toMatchObject({
      value: 'nan',
      notes: [{ path: '', why: 'not a number' }],
    });
  });
});
