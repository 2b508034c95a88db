import { Button, Group, NativeSelect, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { saveAlert } from '../backend/callables';
import {
  type Alert,
  type Limit,
  type Op,
  SEVERITIES,
  type Severity,
  toNumber,
} from '../model/alerts';
import type { Device } from '../model/device';
import { DEVICE_NAME_MAX } from '../model/inputs';
import { asName } from '../model/names';
import { keyOf, say } from '../product';
import { type Watchable, watchable } from '../product/alerts';
import { useAction } from '../session/useAction';
import { AlertPreview } from './AlertPreview';
import { Failure } from './Failure';
import { NameField } from './fields';
import { Passing } from './Passing';
import { useAlertWords } from './useAlertWords';

const SILENCE = '';
/** How long a value has to be like that, in seconds. */
const LASTS = [0, 60, 300, 600, 1800, 3600, 21_600] as const;
/** How long nothing is heard. */
const SILENT = [900, 1800, 3600, 21_600, 86_400, 604_800] as const;
const OPS_OF: Record<Watchable['type'], readonly Op[]> = {
  number: ['above', 'below', 'equals', 'differs'],
  string: ['equals', 'differs'],
  boolean: ['equals'],
};

/** The choices, and the present one if it is none of them. */
function withPresent(choices: readonly number[], present: number): number[] {
  return choices.includes(present) ? [...choices] : [...choices, present].sort((a, b) => a - b);
}

interface AlertFormProps {
  device: Device;
  /** The one that is changed; without it, a new one is made. */
  alert?: Alert;
  /** After it was saved, or left. */
  done?: () => void;
}

/** Makes an alert, or changes one: what is watched, when it fires, and how bad that is. */
export function AlertForm({ device, alert, done }: AlertFormProps) {
  const { t } = useTranslation();
  const words = useAlertWords(device);
  const known = watchable(device);
  const rule = alert?.rule;
  const before = rule?.kind === 'threshold' ? rule : undefined;
  const beforeKey = before && keyOf({ event: before.event, part: before.metric });
  const choices =
    before && !known.some(({ key }) => key === beforeKey)
      ? [
          ...known,
          {
            event: before.event,
            part: before.metric,
            key: String(beforeKey),
            label: String(beforeKey),
            type: typeof before.value as Watchable['type'],
            reading: undefined,
          },
        ]
      : known;
  const [chosen, choose] = useState(
    rule?.kind === 'silence' ? SILENCE : (beforeKey ?? choices[0]?.key ?? SILENCE),
  );
  const [op, setOp] = useState<Op>(before?.op ?? 'above');
  const [typed, setTyped] = useState(before === undefined ? '' : String(before.value));
  const [clear, setClear] = useState(before?.clear === undefined ? '' : String(before.clear));
  const [lasts, setLasts] = useState(before?.forSeconds ?? 0);
  const [silent, setSilent] = useState(rule?.kind === 'silence' ? rule.silentSeconds : 3600);
  const [severity, setSeverity] = useState<Severity>(alert?.severity ?? 'warning');
  const [name, setName] = useState(alert?.name ?? '');
  const [wrong, setWrong] = useState<{ value?: string; clear?: string }>({});
  const watched = choices.find(({ key }) => key === chosen);
  const ops = watched ? OPS_OF[watched.type] : [];
  const shownOp = ops.includes(op) ? op : (ops[0] ?? 'equals');
  const hasClear = watched?.type === 'number' && (shownOp === 'above' || shownOp === 'below');

  const [progress, save] = useAction(async (limit: Limit, clearAt: number | undefined) => {
    const about = {
      deviceId: device.id,
      ...(alert && { alertId: alert.id }),
      severity,
      enabled: alert?.enabled ?? true,
      ...(alert?.severity === 'critical' &&
        severity === 'critical' && { remindHours: alert.remindHours }),
    };
    if (!watched) {
      const event = rule?.kind === 'silence' ? rule.event : undefined;
      const said = words.rule({ kind: 'silence', event, silentSeconds: silent });
      await saveAlert({
        ...about,
        name: asName(name, DEVICE_NAME_MAX) || asName(said, DEVICE_NAME_MAX),
        kind: 'silence',
        silentSeconds: silent,
        ...(event && { event }),
      });
    } else {
      const { event, part: metric } = watched;
      const wanted = { op: shownOp, value: limit, forSeconds: lasts };
      const said = words.rule({
        kind: 'threshold',
        event,
        metric,
        clear: clearAt,
        ...wanted,
      });
      await saveAlert({
        ...about,
        name: asName(name, DEVICE_NAME_MAX) || asName(said, DEVICE_NAME_MAX),
        kind: 'threshold',
        event,
        ...(metric !== undefined && { metric }),
        ...wanted,
        ...(clearAt !== undefined && { clear: clearAt }),
      });
    }
    done?.();
  });

  const submit = () => {
    if (!watched) {
      void save(0, undefined);
      return;
    }
    if (watched.type !== 'number') {
      void save(watched.type === 'boolean' ? typed !== 'false' : typed, undefined);
      return;
    }
    const limit = toNumber(typed);
    const clearAt = hasClear && clear.trim() !== '' ? toNumber(clear) : undefined;
    const beyond =
      limit !== undefined &&
      clearAt !== undefined &&
      (shownOp === 'above' ? clearAt > limit : clearAt < limit);
    const badClear = hasClear && clear.trim() !== '' && (clearAt === undefined || beyond);
    setWrong({
      ...(limit === undefined && { value: t('alerts.noNumber') }),
      ...(badClear && { clear: t(beyond ? 'alerts.clearBeyond' : 'alerts.noNumber') }),
    });
    if (limit !== undefined && !badClear) void save(limit, clearAt);
  };
  const unit = watched?.reading?.unit;
  const inUnit = (label: string) => (unit ? t('alerts.inUnit', { label, unit }) : label);
  const choicesOfValue =
    watched?.type === 'boolean'
      ? [
          { value: 'true', label: words.value(asRule(watched), true) },
          { value: 'false', label: words.value(asRule(watched), false) },
        ]
      : Object.entries(watched?.reading?.words ?? {}).map(([value, label]) => ({
          value,
          label: say(label),
        }));
  return (
    <form
      noValidate
      aria-label={t(alert ? 'alerts.change' : 'alerts.new')}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Stack gap="sm">
        <NativeSelect
          label={t('alerts.what')}
          value={chosen}
          onChange={(event) => {
            choose(event.currentTarget.value);
            setTyped('');
            setClear('');
            setWrong({});
          }}
          data={[
            ...choices.map(({ key, label }) => ({ value: key, label })),
            { value: SILENCE, label: t('alerts.contact') },
          ]}
        />
        {watched ? (
          <>
            <Group grow align="flex-start">
              <NativeSelect
                label={t('alerts.when')}
                value={shownOp}
                onChange={(event) => setOp(event.currentTarget.value as Op)}
                data={ops.map((one) => ({ value: one, label: t(`alerts.ops.${one}`) }))}
              />
              {choicesOfValue.length > 0 ? (
                <NativeSelect
                  label={t('alerts.value')}
                  value={typed || choicesOfValue[0]?.value}
                  onChange={(event) => setTyped(event.currentTarget.value)}
                  data={choicesOfValue}
                />
              ) : (
                <TextInput
                  label={inUnit(t('alerts.value'))}
                  inputMode={watched.type === 'number' ? 'decimal' : 'text'}
                  autoComplete="off"
                  required
                  value={typed}
                  error={wrong.value}
                  onChange={(event) => setTyped(event.currentTarget.value)}
                />
              )}
            </Group>
            {hasClear && (
              <TextInput
                label={inUnit(t('alerts.clear'))}
                description={t('alerts.clearHint')}
                inputMode="decimal"
                autoComplete="off"
                value={clear}
                error={wrong.clear}
                onChange={(event) => setClear(event.currentTarget.value)}
              />
            )}
            <NativeSelect
              label={t('alerts.for')}
              value={String(lasts)}
              onChange={(event) => setLasts(Number(event.currentTarget.value))}
              data={withPresent(LASTS, lasts).map((seconds) => ({
                value: String(seconds),
                label: seconds === 0 ? t('alerts.atOnce') : words.lasting(seconds),
              }))}
            />
          </>
        ) : (
          <NativeSelect
            label={t('alerts.silentFor')}
            value={String(silent)}
            onChange={(event) => setSilent(Number(event.currentTarget.value))}
            data={withPresent(SILENT, silent).map((seconds) => ({
              value: String(seconds),
              label: words.lasting(seconds),
            }))}
          />
        )}
        {watched && hasClear && (
          <AlertPreview
            device={device}
            watched={watched}
            limit={
              toNumber(typed) === undefined
                ? undefined
                : {
                    op: shownOp === 'below' ? 'below' : 'above',
                    value: toNumber(typed) ?? 0,
                    clear: toNumber(clear),
                    forSeconds: lasts,
                  }
            }
          />
        )}
        <NativeSelect
          label={t('alerts.severity')}
          description={t(`alerts.severities.${severity}.text`)}
          value={severity}
          onChange={(event) => setSeverity(event.currentTarget.value as Severity)}
          data={SEVERITIES.map((one) => ({
            value: one,
            label: t(`alerts.severities.${one}.name`),
          }))}
        />
        <NameField
          label={t('alerts.name')}
          description={t('alerts.nameHint')}
          autoComplete="off"
          most={DEVICE_NAME_MAX}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Group>
          <Button type="submit" loading={progress.state === 'busy'}>
            {t('alerts.save')}
          </Button>
          {alert && (
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

function asRule({ event, part }: Watchable) {
  return {
    kind: 'threshold',
    event,
    metric: part,
    op: 'equals',
    value: true,
    clear: undefined,
    forSeconds: 0,
  } as const;
}
