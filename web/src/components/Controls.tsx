import { Button, Group, Slider, Stack, Switch, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { speech } from '../messages/i18n';
import type { Device } from '../model/device';
import { numberText } from '../model/numbers';
import { type Command, isUnderWay } from '../model/records';
import type { Json } from '../model/values';
import { isFor, isOn, newest, say } from '../product';
import type {
  ButtonControl,
  Control,
  SliderControl,
  SwitchControl,
  TextControl,
} from '../product/types';
import { useKeptFocus } from '../session/useKeptFocus';
import { takeFocus } from './takeFocus';
import { useCalling } from './useCalling';

interface ControlProps<Kind extends Control> {
  device: Device;
  control: Kind;
  commands: readonly Command[];
}

/** Asks before it is done; Escape is a no. */
function Question({ text, yes, no }: { text: string; yes: () => void; no: () => void }) {
  const { t } = useTranslation();
  return (
    <Stack
      gap="xs"
      role="alertdialog"
      aria-label={text}
      ref={takeFocus}
      tabIndex={-1}
      style={{ outline: 'none' }}
      onKeyDown={({ key }) => key === 'Escape' && no()}
    >
      <Text size="sm">{text}</Text>
      <Group>
        <Button onClick={yes}>{t('common.doIt')}</Button>
        <Button variant="default" onClick={no}>
          {t('common.leaveIt')}
        </Button>
      </Group>
    </Stack>
  );
}

function Pressable({ device, control, commands }: ControlProps<ButtonControl>) {
  const { busy, send, outcome } = useCalling(device, commands);
  const [asking, setAsking] = useState(false);
  const button = useKeptFocus<HTMLButtonElement>(busy !== undefined);
  const { icon: Icon, confirm, queueSeconds } = control;
  const call = () => send(control.function, control.argument ?? '', queueSeconds);
  const answered = () => {
    button.current?.focus();
    setAsking(false);
  };
  return (
    <Stack gap="xs">
      <Button
        ref={button}
        variant="default"
        leftSection={Icon && <Icon size={20} aria-hidden />}
        loading={busy !== undefined}
        onClick={() => (confirm ? setAsking(true) : call())}
      >
        {say(control.label)}
      </Button>
      {asking && confirm && (
        <Question
          text={say(confirm)}
          yes={() => {
            answered();
            void call();
          }}
          no={answered}
        />
      )}
      {outcome}
    </Stack>
  );
}

/** The newest command of a control, while the device is still to do it: what is wished. */
function wished(control: Control, commands: readonly Command[]): Command | undefined {
  const last = commands.find((command) => isFor(control, command));
  return last && isUnderWay(last) ? last : undefined;
}

/** That what is shown is a wish, where the outcome below does not tell it. */
function Waiting({ command, told }: { command: Command | undefined; told: boolean }) {
  const { t } = useTranslation();
  return command && !told ? (
    <Text size="sm" c="dimmed">
      {t('device.waiting')}
    </Text>
  ) : null;
}

function Switchable({ device, control, commands }: ControlProps<SwitchControl>) {
  const { busy, send, outcome, commandId } = useCalling(device, commands);
  const input = useKeptFocus<HTMLInputElement>(busy !== undefined);
  const seen = newest(device, control.shows);
  const waiting = wished(control, commands);
  const wish = busy ?? waiting;
  return (
    <Stack gap="xs">
      <Switch
        ref={input}
        size="lg"
        label={say(control.label)}
        checked={wish ? isOn(control, wish) : seen?.value === control.shows.is}
        disabled={busy !== undefined}
        onChange={({ currentTarget: { checked } }) =>
          send(
            checked ? control.function : (control.offFunction ?? control.function),
            checked ? control.on : control.off,
            control.queueSeconds,
          )
        }
      />
      <Waiting command={waiting} told={busy !== undefined || waiting?.id === commandId} />
      {outcome}
    </Stack>
  );
}

function numberOf(value: Json | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function setTo({ argument }: Pick<Command, 'argument'>): number | undefined {
  return argument !== '' && Number.isFinite(Number(argument)) ? Number(argument) : undefined;
}

/** What is wished of the device; else what it says of itself; else what it was last told. */
function present({ device, control, commands }: ControlProps<SliderControl>): number | undefined {
  const wish = wished(control, commands);
  if (wish) return setTo(wish);
  const seen = control.shows && newest(device, control.shows);
  if (seen) return numberOf(seen.value);
  const told = commands.find(
    (command) => isFor(control, command) && command.status === 'succeeded',
  );
  return told && setTo(told);
}

function Slidable(props: ControlProps<SliderControl>) {
  const { t } = useTranslation();
  const { device, control, commands } = props;
  const { busy, send, outcome, commandId } = useCalling(device, commands);
  const waiting = wished(control, commands);
  const button = useKeptFocus<HTMLButtonElement>(busy !== undefined);
  const [chosen, setChosen] = useState<number>();
  const value = chosen ?? present(props);
  const shown = (number: number) => numberText(number, { unit: control.unit }, speech.locale);
  const label = say(control.label);
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Text size="sm">{label}</Text>
        <Text size="sm" fw={600}>
          {value === undefined ? t('device.notKnown') : shown(value)}
        </Text>
      </Group>
      <Group wrap="nowrap" align="center">
        <Slider
          flex={1}
          min={control.min}
          max={control.max}
          step={control.step}
          value={value ?? control.min}
          onChange={setChosen}
          label={shown}
          thumbLabel={label}
        />
        <Button
          ref={button}
          aria-label={`${t('device.set')}: ${label}`}
          loading={busy !== undefined}
          disabled={value === undefined}
          onClick={async () => {
            if (value === undefined) return;
            const { state } = await send(control.function, String(value), control.queueSeconds);
            // What did not get through stays chosen, and so does what was chosen meanwhile.
            if (state === 'done') setChosen((now) => (now === value ? undefined : now));
          }}
        >
          {t('device.set')}
        </Button>
      </Group>
      <Waiting command={waiting} told={busy !== undefined || waiting?.id === commandId} />
      {outcome}
    </Stack>
  );
}

function Writable({ device, control, commands }: ControlProps<TextControl>) {
  const { t } = useTranslation();
  const { busy, send, outcome } = useCalling(device, commands);
  const button = useKeptFocus<HTMLButtonElement>(busy !== undefined);
  const [text, setText] = useState('');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        return send(control.function, text, control.queueSeconds);
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
            ref={button}
            loading={busy !== undefined}
          >
            {t('device.set')}
          </Button>
        </Group>
        {outcome}
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
