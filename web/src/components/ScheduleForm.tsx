import { Button, Checkbox, Chip, Group, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { saveSchedule } from '../backend/callables';
import { speech } from '../messages/i18n';
import { toNumber } from '../model/alerts';
import type { Device } from '../model/device';
import { DEVICE_NAME_MAX } from '../model/inputs';
import { asName } from '../model/names';
import {
  DAYS,
  dayName,
  SCHEDULE_KINDS,
  type Schedule,
  type ScheduleKind,
} from '../model/schedules';
import { controlOf, kindOf, say } from '../product';
import type { Control } from '../product/types';
import { useAction } from '../session/useAction';
import { Failure } from './Failure';
import { ExactField, NameField } from './fields';
import { Passing } from './Passing';
import { useScheduleWords } from './useScheduleWords';

/** What a control's function is called with, for a value that was chosen. */
function callOf(control: Control, value: string): { function: string; argument: string } {
  const { function: called } = control;
  switch (control.type) {
    case 'switch': {
      const on = value !== 'off';
      return {
        function: !on && control.offFunction ? control.offFunction : called,
        argument: on ? control.on : control.off,
      };
    }
    case 'button':
      return { function: called, argument: control.argument ?? '' };
    case 'slider':
      // As the firmware reads it, whatever the person's decimal sign is.
      return { function: called, argument: String(toNumber(value) ?? value) };
    default:
      return { function: called, argument: value };
  }
}

/** The value that a call stands for. */
function chosenBy(control: Control, { function: called, argument }: Schedule): string {
  if (control.type !== 'switch') return argument;
  const off = control.offFunction ? called === control.offFunction : argument === control.off;
  return off ? 'off' : 'on';
}

/** For the field of the browser: the local date and time. */
function localTime(millis: number | undefined): string {
  if (millis === undefined) return '';
  const date = new Date(millis - new Date(millis).getTimezoneOffset() * 60_000);
  return date.toISOString().slice(0, 16);
}

interface ScheduleFormProps {
  device: Device;
  /** The one that is changed; without it, a new one is made. */
  schedule?: Schedule;
  /** After it was saved, or left. */
  done?: () => void;
}

/** Makes a schedule, or changes one: what is done, and when. */
export function ScheduleForm({ device, schedule, done }: ScheduleFormProps) {
  const { t } = useTranslation();
  const words = useScheduleWords(device);
  const controls = kindOf(device)?.controls ?? [];
  const before = schedule && controlOf(device, schedule.function);
  const free = controls.length === 0 || (schedule && !before);
  const [chosen, choose] = useState(String(Math.max(before ? controls.indexOf(before) : -1, 0)));
  const control = free ? undefined : controls[Number(chosen)];
  const [value, setValue] = useState(
    schedule && before ? chosenBy(before, schedule) : (schedule?.argument ?? ''),
  );
  const [called, setCalled] = useState(schedule?.function ?? '');
  const [kind, setKind] = useState<ScheduleKind>(schedule?.kind ?? 'time');
  const [time, setTime] = useState(schedule?.time || '07:00');
  const [days, setDays] = useState<number[]>(schedule?.days ?? [...DAYS]);
  const [at, setAt] = useState(localTime(schedule?.at));
  const [offset, setOffset] = useState(String(schedule?.offsetMinutes ?? 0));
  const [latitude, setLatitude] = useState(schedule?.latitude?.toString() ?? '');
  const [longitude, setLongitude] = useState(schedule?.longitude?.toString() ?? '');
  const [lost, setLost] = useState(false);
  const [queue, setQueue] = useState(schedule?.queue ?? false);
  const [name, setName] = useState(schedule?.name ?? '');
  const [wrong, setWrong] = useState<Partial<Record<string, string>>>({});
  const bySun = kind === 'sunrise' || kind === 'sunset';

  const [progress, save] = useAction(async () => {
    const call = control ? callOf(control, value) : { function: called.trim(), argument: value };
    const place = bySun
      ? {
          latitude: toNumber(latitude) ?? 0,
          longitude: toNumber(longitude) ?? 0,
          offsetMinutes: Math.round(toNumber(offset) ?? 0),
        }
      : {};
    await saveSchedule({
      deviceId: device.id,
      ...(schedule && { scheduleId: schedule.id }),
      enabled: schedule?.enabled ?? true,
      name:
        asName(name, DEVICE_NAME_MAX) || asName(words.what(call), DEVICE_NAME_MAX) || call.function,
      ...call,
      kind,
      timeZone: schedule?.timeZone || Intl.DateTimeFormat().resolvedOptions().timeZone,
      ...(kind === 'time' && { time }),
      ...(kind === 'once' ? { at: new Date(at).toISOString() } : { days }),
      ...place,
      whenOffline: queue ? 'queue' : 'fail',
    });
    done?.();
  });

  const submit = () => {
    const found: Partial<Record<string, string>> = {};
    if (control?.type === 'slider') {
      const { min, max, unit = '' } = control;
      const number = toNumber(value);
      if (number === undefined) found.value = t('schedules.noNumber');
      else if (number < min || number > max) {
        found.value = t('schedules.outside', { min, max, unit });
      }
    }
    if (!control && !called.trim()) found.called = t('form.required');
    if (kind === 'once' && !(Date.parse(at) > Date.now())) found.at = t('schedules.noTime');
    if (kind !== 'once' && days.length === 0) found.days = t('schedules.noDay');
    if (bySun) {
      for (const [field, typed] of Object.entries({ latitude, longitude, offset })) {
        if (toNumber(typed) === undefined) found[field] = t('schedules.noNumber');
      }
    }
    setWrong(found);
    if (Object.keys(found).length === 0) void save();
  };
  const locate = () =>
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        setLost(false);
        // A hundredth of a degree is a kilometre, and two seconds of the sun.
        setLatitude(coords.latitude.toFixed(2));
        setLongitude(coords.longitude.toFixed(2));
      },
      () => setLost(true),
    );
  return (
    <form
      noValidate
      aria-label={t(schedule ? 'schedules.change' : 'schedules.new')}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Stack gap="sm">
        {control ? (
          <NativeSelect
            label={t('schedules.what')}
            value={chosen}
            onChange={(event) => {
              choose(event.currentTarget.value);
              setValue('');
            }}
            data={controls.map((one, index) => ({ value: String(index), label: say(one.label) }))}
          />
        ) : (
          <ExactField
            label={t('device.function')}
            value={called}
            error={wrong.called}
            onChange={(event) => setCalled(event.currentTarget.value)}
          />
        )}
        {control?.type === 'switch' && (
          <NativeSelect
            label={t('schedules.value')}
            value={value || 'on'}
            onChange={(event) => setValue(event.currentTarget.value)}
            data={[
              { value: 'on', label: t('common.on') },
              { value: 'off', label: t('common.off') },
            ]}
          />
        )}
        {control?.type === 'slider' && (
          <TextInput
            label={
              control.unit
                ? t('alerts.inUnit', { label: t('schedules.value'), unit: control.unit })
                : t('schedules.value')
            }
            inputMode="decimal"
            autoComplete="off"
            value={value}
            error={wrong.value}
            onChange={(event) => setValue(event.currentTarget.value)}
          />
        )}
        {(!control || control.type === 'text') && (
          <ExactField
            label={t(control ? 'schedules.value' : 'schedules.argument')}
            value={value}
            onChange={(event) => setValue(event.currentTarget.value)}
          />
        )}
        <NativeSelect
          label={t('schedules.kind')}
          value={kind}
          onChange={(event) => setKind(event.currentTarget.value as ScheduleKind)}
          data={SCHEDULE_KINDS.map((one) => ({ value: one, label: t(`schedules.kinds.${one}`) }))}
        />
        {kind === 'time' && (
          <TextInput
            type="time"
            label={t('schedules.time')}
            value={time}
            required
            onChange={(event) => setTime(event.currentTarget.value)}
          />
        )}
        {kind === 'once' && (
          <TextInput
            type="datetime-local"
            label={t('schedules.date')}
            value={at}
            error={wrong.at}
            onChange={(event) => setAt(event.currentTarget.value)}
          />
        )}
        {bySun && (
          <>
            <TextInput
              label={t('schedules.offset')}
              inputMode="numeric"
              value={offset}
              error={wrong.offset}
              onChange={(event) => setOffset(event.currentTarget.value)}
            />
            <Group grow align="flex-start">
              <TextInput
                label={t('schedules.latitude')}
                inputMode="decimal"
                value={latitude}
                error={wrong.latitude}
                onChange={(event) => setLatitude(event.currentTarget.value)}
              />
              <TextInput
                label={t('schedules.longitude')}
                inputMode="decimal"
                value={longitude}
                error={wrong.longitude}
                onChange={(event) => setLongitude(event.currentTarget.value)}
              />
            </Group>
            <Group>
              <Button variant="default" size="compact-sm" onClick={locate}>
                {t('schedules.here')}
              </Button>
            </Group>
            {lost && (
              <Text size="sm" role="status">
                {t('schedules.noPosition')}
              </Text>
            )}
          </>
        )}
        {kind !== 'once' && (
          <fieldset style={{ border: 0, margin: 0, padding: 0 }}>
            <Text component="legend" size="sm" fw={500}>
              {t('schedules.days')}
            </Text>
            <Group gap={6}>
              {DAYS.map((day) => (
                <Chip
                  key={day}
                  checked={days.includes(day)}
                  onChange={(checked) =>
                    setDays(
                      checked
                        ? [...days, day].toSorted((a, b) => a - b)
                        : days.filter((one) => one !== day),
                    )
                  }
                >
                  {dayName(day, speech.locale)}
                </Chip>
              ))}
            </Group>
            {wrong.days && (
              <Text size="xs" c="var(--mantine-color-error)" role="alert">
                {wrong.days}
              </Text>
            )}
          </fieldset>
        )}
        <Checkbox
          label={t('schedules.queue')}
          checked={queue}
          onChange={(event) => setQueue(event.currentTarget.checked)}
        />
        <NameField
          label={t('schedules.name')}
          description={t('schedules.nameHint')}
          autoComplete="off"
          most={DEVICE_NAME_MAX}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Group>
          <Button type="submit" loading={progress.state === 'busy'}>
            {t('schedules.save')}
          </Button>
          {schedule && (
            <Button variant="default" onClick={done}>
              {t('common.leaveIt')}
            </Button>
          )}
        </Group>
        {progress.state === 'failed' && <Failure problem={progress.problem} />}
        {progress.state === 'done' && <Passing words={t('form.saved')} />}
      </Stack>
    </form>
  );
}
