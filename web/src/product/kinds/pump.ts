import { IconDroplet, IconEngine, IconGauge } from '@tabler/icons-react';
import type { Kind } from '../types';

/** Pumps water. */
export const pump: Kind = {
  name: { en: 'Pump', de: 'Pumpe' },
  icon: IconEngine,
  is: ({ serialNumber }) => serialNumber.startsWith('PM-'),
  readings: [
    {
      event: 'flow',
      part: 'running',
      name: { en: 'Running', de: 'Läuft' },
      onCard: true,
    },
    {
      event: 'flow',
      part: 'rate',
      name: { en: 'Flow', de: 'Durchfluss' },
      icon: IconDroplet,
      unit: 'l/min',
      digits: 1,
      onCard: true,
    },
    {
      event: 'flow',
      part: 'pressure',
      name: { en: 'Pressure', de: 'Druck' },
      icon: IconGauge,
      unit: 'bar',
      digits: 2,
    },
    {
      event: 'flow',
      part: 'litres',
      name: { en: 'Pumped in all', de: 'Insgesamt gepumpt' },
      unit: 'l',
      digits: 0,
      onCard: true,
    },
  ],
  controls: [
    {
      type: 'switch',
      label: { en: 'Pump', de: 'Pumpe' },
      function: 'start',
      offFunction: 'stop',
      on: '',
      off: '',
      shows: { event: 'flow', part: 'running', is: true },
    },
    {
      type: 'slider',
      label: { en: 'Speed', de: 'Drehzahl' },
      function: 'set_speed',
      min: 0,
      max: 100,
      step: 5,
      unit: '%',
      refusals: { [-2]: { en: 'it must be 0 to 100 %', de: 'es müssen 0 bis 100 % sein' } },
    },
    {
      type: 'button',
      label: { en: 'Reset the meter', de: 'Zähler zurücksetzen' },
      function: 'reset_litres',
      confirm: {
        en: 'What was pumped in all begins again at zero. Reset the meter?',
        de: 'Was insgesamt gepumpt wurde, zählt wieder ab null. Zähler zurücksetzen?',
      },
    },
  ],
  variables: [
    { name: 'speed', label: { en: 'Speed', de: 'Drehzahl' }, unit: '%', digits: 0 },
    {
      name: 'litres',
      label: { en: 'Pumped in all', de: 'Insgesamt gepumpt' },
      unit: 'l',
      digits: 1,
    },
  ],
};
