import { Button, Group, Slider, Stack, Switch, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { speech } from '../messages/i18n';
import type { Device } from '../model/device';
import { newPress } from '../model/press';
import type { Command } from '../model/records';
import type { Json } from '../model/values';
import { newest, say } from '../product';
import type {
  ButtonControl,
  Control,
  SliderControl,
  SwitchControl,
  TextControl,
} from '../product/types';
import { useCall } from '../session/useCall';
import { CallOutcome } from './CallOutcome';
import { takeFocus } from './takeFocus';

interface ControlProps<Kind extends Control> {
  device: Device;
  control: Kind;
  commands: readonly Command[];
}

function Pressable({ device, control }: ControlProps<ButtonControl>) {
  const { t } = useTranslation();
  const call = useCall();
  const [asking, setAsking] = useState(false);
  const { icon: Icon, confirm, queueSeconds } = control;
  const send = () => {
    setAsking(false);
    return call.send(newPress(device.id, control.function, control.argument ?? '', queueSeconds));
  };
  return (
    <Stack gap="xs">
      <Button
        variant="default"
        leftSection={Icon && <Icon size={20} aria-hidden />}
        loading={call.progress.state === 'busy'}
        onClick={() => (confirm ? setAsking(true) : send())}
      >
        {say(control.label)}
      </Button>
      {asking && confirm && (
        <Stack
          gap="xs"
          role="alertdialog"
          aria-label={say(confirm)}
          ref={takeFocus}
          tabIndex={-1}
          style={{ outline: 'none' }}
        >
          <Text size="sm">{say(confirm)}</Text>
          <Group>
            <Button onClick={send}>{t('common.doIt')}</Button>
            <Button variant="default" onClick={() => setAsking(false)}>
              {t('common.leaveIt')}
            </Button>
          </Group>
        </Stack>
      )}
      <CallOutcome call={call} />
    </Stack>
  );
}

function Switchable({ device, control }: ControlProps<SwitchControl>) {
  const call = useCall();
  const seen = newest(device, control.shows);
  return (
    <Stack gap="xs">
      <Switch
        size="lg"
        label={say(control.label)}
        checked={seen?.value === control.shows.is}
        disabled={call.progress.state === 'busy'}
        onChange={({ currentTarget: { checked } }) =>
          call.send(
            newPress(
              device.id,
              checked ? control.function : (control.offFunction ?? control.function),
              checked ? control.on : control.off,
              control.queueSeconds,
            ),
          )
        }
      />
      <CallOutcome call={call} />
    </Stack>
  );
}

function numberOf(value: Json | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** What the device says of itself; else what it was last told. */
function present({ device, control, commands }: ControlProps<SliderControl>): number | undefined {
  const seen = control.shows && newest(device, control.shows);
  if (seen) return numberOf(seen.value);
  const told = commands.find(
    (command) => command.function === control.function && command.status === 'succeeded',
  );
  return told && Number.isFinite(Number(told.argument)) ? Number(told.argument) : undefined;
}

function Slidable(props: ControlProps<SliderControl>) {
  const { t } = useTranslation();
  const { device, control } = props;
  const call = useCall();
  const now = present(props);
  const [wanted, setWanted] = useState<number>();
  const value = wanted ?? now ?? control.min;
  const unit = control.unit ? ` ${control.unit}` : '';
  const shown = (number: number) => number.toLocaleString(speech.locale) + unit;
  const label = say(control.label);
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Text size="sm">{label}</Text>
        <Text size="sm" fw={600}>
          {wanted === undefined && now === undefined ? t('device.notKnown') : shown(value)}
        </Text>
      </Group>
      <Group wrap="nowrap" align="center">
        <Slider
          flex={1}
          min={control.min}
          max={control.max}
          step={control.step}
          value={value}
          onChange={setWanted}
          label={shown}
          thumbLabel={label}
        />
        <Button
          aria-label={`${t('device.set')}: ${label}`}
          loading={call.progress.state === 'busy'}
          onClick={async () => {
            await call.send(
              newPress(device.id, control.function, String(value), control.queueSeconds),
            );
            setWanted(undefined);
          }}
        >
          {t('device.set')}
        </Button>
      </Group>
      <CallOutcome call={call} />
    </Stack>
  );
}

function Writable({ device, control }: ControlProps<TextControl>) {
  const { t } = useTranslation();
  const call = useCall();
  const [text, setText] = useState('');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        return call.send(newPress(device.id, control.function, text, control.queueSeconds));
      }}
    >
      <Stack gap="xs">
        <TextInput
          label={say(control.label)}
          description={control.hint && say(control.hint)}
          maxLength={control.maxLength}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Group>
          <Button
            type="submit"
            aria-label={`${t('device.set')}: ${say(control.label)}`}
            loading={call.progress.state === 'busy'}
          >
            {t('device.set')}
          </Button>
        </Group>
        <CallOutcome call={call} />
      </Stack>
    </form>
  );
}

function One(props: ControlProps<Control>) {
  const { control, ...others } = props;
  switch (control.type) {
    case 'button':
      return <Pressable control={control} {...others} />;
    case 'switch':
      return <Switchable control={control} {...others} />;
    case 'slider':
      return <Slidable control={control} {...others} />;
    case 'text':
      return <Writable control={control} {...others} />;
  }
}

interface ControlsProps {
  device: Device;
  controls: readonly Control[];
  /** The newest commands, newest first. */
  commands: readonly Command[];
}

/** What the device can do, as its kind describes it. */
export function Controls({ device, controls, commands }: ControlsProps) {
  return (
    <Stack gap="lg">
      {controls.map((control) => (
        <One
          key={`${control.function} ${say(control.label)}`}
          device={device}
          control={control}
          commands={commands}
        />
      ))}
    </Stack>
  );
}
