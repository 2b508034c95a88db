import { IconGauge, IconMapPin, IconTruck } from '@tabler/icons-react';
import type { Kind } from '../types';

/** Says where a vehicle is, by the `loc` events of Particle's firmware for trackers. */
export const tracker: Kind = {
  name: { en: 'Tracker', de: 'Ortungsgerät' },
  icon: IconTruck,
  is: ({ serialNumber }) => serialNumber.startsWith('GT-'),
  readings: [
    {
      event: 'loc',
      part: 'loc.spd',
      name: { en: 'Speed', de: 'Geschwindigkeit' },
      icon: IconGauge,
      unit: 'm/s',
      digits: 1,
      onCard: true,
    },
    {
      event: 'loc',
      part: 'loc.lat',
      name: { en: 'Latitude', de: 'Breite' },
      icon: IconMapPin,
      unit: '°',
      digits: 5,
      chart: false,
      onCard: true,
    },
    {
      event: 'loc',
      part: 'loc.lon',
      name: { en: 'Longitude', de: 'Länge' },
      unit: '°',
      digits: 5,
      chart: false,
      onCard: true,
    },
    {
      event: 'loc',
      part: 'loc.alt',
      name: { en: 'Altitude', de: 'Höhe' },
      unit: 'm',
      digits: 0,
    },
    {
      event: 'loc',
      part: 'loc.temp',
      name: { en: 'Temperature', de: 'Temperatur' },
      unit: '°C',
      digits: 1,
    },
    {
      event: 'loc',
      part: 'loc.batt',
      name: { en: 'Battery', de: 'Akku' },
      unit: '%',
      digits: 0,
    },
  ],
  hidden: [
    'cmd',
    'time',
    'trig',
    'req_id',
    'loc.lck',
    'loc.time',
    'loc.hd',
    'loc.h_acc',
    'loc.v_acc',
    'loc.cell',
  ].map((part) => ({ event: 'loc', part })),
  controls: [
    {
      type: 'button',
      label: { en: 'Report the position now', de: 'Position jetzt melden' },
      function: 'locate',
      icon: IconMapPin,
      queueSeconds: 86_400,
    },
    {
      type: 'text',
      label: { en: 'Driver', de: 'Am Steuer' },
      function: 'set_driver',
      maxLength: 40,
      hint: { en: 'Who drives today', de: 'Wer heute fährt' },
      queueSeconds: 86_400,
    },
  ],
  variables: [
    { name: 'driver', label: { en: 'Driver', de: 'Am Steuer' } },
    { name: 'battery', label: { en: 'Battery', de: 'Akku' }, unit: '%', digits: 0 },
    { name: 'speed', label: { en: 'Speed', de: 'Geschwindigkeit' }, unit: 'm/s', digits: 1 },
  ],
};
