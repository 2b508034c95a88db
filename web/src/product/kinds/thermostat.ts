import { IconFlame, IconTemperature } from '@tabler/icons-react';
import type { Kind } from '../types';

/** Keeps a room at a temperature. */
export const thermostat: Kind = {
  name: { en: 'Thermostat', de: 'Thermostat' },
  icon: IconTemperature,
  is: ({ serialNumber }) => serialNumber.startsWith('TH-'),
  readings: [
    {
      event: 'temperature',
      name: { en: 'Temperature', de: 'Temperatur' },
      icon: IconTemperature,
      unit: '°C',
      digits: 1,
      onCard: true,
    },
    {
      event: 'state',
      part: 'target',
      name: { en: 'Target', de: 'Solltemperatur' },
      unit: '°C',
      digits: 1,
      onCard: true,
    },
    {
      event: 'state',
      part: 'mode',
      name: { en: 'Mode', de: 'Betriebsart' },
      words: { heat: { en: 'Heat', de: 'Heizen' }, off: { en: 'Off', de: 'Aus' } },
    },
    {
      event: 'state',
      part: 'heating',
      name: { en: 'Heating now', de: 'Heizt gerade' },
      icon: IconFlame,
      onCard: true,
    },
  ],
  controls: [
    {
      type: 'slider',
      label: { en: 'Target temperature', de: 'Solltemperatur' },
      function: 'set_target',
      min: 5,
      max: 30,
      step: 0.5,
      unit: '°C',
      shows: { event: 'state', part: 'target' },
      queueSeconds: 3600,
      refusals: {
        [-2]: { en: 'it must be 5 to 30 °C', de: 'es müssen 5 bis 30 °C sein' },
      },
    },
    {
      type: 'switch',
      label: { en: 'Heating', de: 'Heizung' },
      function: 'set_mode',
      on: 'heat',
      off: 'off',
      shows: { event: 'state', part: 'mode', is: 'heat' },
      queueSeconds: 3600,
    },
  ],
  variables: [
    { name: 'target', label: { en: 'Target', de: 'Solltemperatur' }, unit: '°C', digits: 1 },
    { name: 'temperature', label: { en: 'Temperature', de: 'Temperatur' }, unit: '°C', digits: 2 },
  ],
  alerts: [
    {
      name: { en: 'Too cold', de: 'Zu kalt' },
      severity: 'critical',
      event: 'temperature',
      op: 'below',
      value: 5,
      clear: 6,
      forSeconds: 600,
    },
    { name: { en: 'No contact', de: 'Kein Kontakt' }, severity: 'warning', silentSeconds: 3600 },
  ],
};
