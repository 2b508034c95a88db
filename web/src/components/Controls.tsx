import { Button, Group, Slider, Stack, Switch, Text, TextInput } from '@mantine/core';
import { useLayoutEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { speech } from '../messages/i18n';
import type { Device } from '../model/device';
import { numberText } from '../model/numbers';
import { type Command, isUnderWay } from '../model/records';
import { isOn, say } from '../product';
import type {
  ButtonControl,
  Control,
  SliderControl,
  SwitchControl,
  TextControl,
} from '../product/types';
import { Ends, isKnownOn, knownSetting, setTo, wishOf } from '../product/wishes';
import { hasNoFocus, useKeptFocus } from '../session/useKeptFocus';
import { takeFocus } from './takeFocus';
import { type Calling, useCalling } from './useCalling';

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

/** The command whose wish the control shows. */
function useWish(
  control: SwitchControl | SliderControl,
  device: Device,
  { calls, commandId }: Calling,
): Command | undefined {
  const ends = useRef<Ends>(undefined);
  ends.current ??= new Ends();
  // The page is drawn anew every few seconds.
  const now = Date.now();
  for (const call of calls) ends.current.follow(call, now, call.id === commandId);
  return wishOf(control, device, calls, now, ends.current);
}

/** That what is shown is yet to be done, where the outcome below does not tell it. */
function Waiting({ wish, told }: { wish: Command | undefined; told: boolean }) {
  const { t } = useTranslation();
  return wish && isUnderWay(wish) && !told ? (
    <Text size="sm" c="dimmed">
      {t('device.waiting')}
    </Text>
  ) : null;
}

function Switchable({ device, control, commands }: ControlProps<SwitchControl>) {
  const { t } = useTranslation();
  const calling = useCalling(device, commands);
  const { busy, send, outcome, commandId, calls } = calling;
  const input = useKeptFocus<HTMLInputElement>(busy !== undefined);
  const wish = useWish(control, device, calling);
  const on = wish ? isOn(control, wish) : isKnownOn(control, device, calls);
  const label = say(control.label);
  const turn = (to: boolean) =>
    send(
      to ? control.function : (control.offFunction ?? control.function),
      to ? control.on : control.off,
      control.queueSeconds,
    );
  // The button that was pressed goes; its focus goes to what it has made known.
  const pressed = useRef(false);
  const isBusy = busy !== undefined;
  useLayoutEffect(() => {
    if (isBusy || !pressed.current) return;
    pressed.current = false;
    if (hasNoFocus()) input.current?.focus({ preventScroll: true });
  }, [isBusy, input]);
  return (
    <Stack gap="xs">
      {on === undefined ? (
        <Group role="group" aria-label={label} justify="space-between" data-unknown>
          <Text size="sm">
            {label}
            {': '}
            <b>{t('device.notKnown')}</b>
          </Text>
          <Group gap="xs">
            {[true, false].map((to) => (
              <Button
                key={String(to)}
                variant="default"
                size="compact-md"
                aria-label={`${label}: ${t(to ? 'common.on' : 'common.off')}`}
                onClick={() => {
                  pressed.current = true;
                  return turn(to);
                }}
              >
                {t(to ? 'common.on' : 'common.off')}
              </Button>
            ))}
          </Group>
        </Group>
      ) : (
        <Switch
          ref={input}
          size="lg"
          label={label}
          checked={on}
          disabled={isBusy}
          onChange={({ currentTarget: { checked } }) => turn(checked)}
        />
      )}
      <Waiting wish={wish} told={isBusy || wish?.id === commandId} />
      {outcome}
    </Stack>
  );
}

function Slidable(props: ControlProps<SliderControl>) {
  const { t } = useTranslation();
  const { device, control, commands } = props;
  const calling = useCalling(device, commands);
  const { busy, send, outcome, commandId, calls } = calling;
  const wish = useWish(control, device, calling);
  const button = useKeptFocus<HTMLButtonElement>(busy !== undefined);
  const [chosen, setChosen] = useState<number>();
  const value = chosen ?? (wish ? setTo(wish) : knownSetting(control, device, calls));
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
          label={value === undefined ? t('device.notKnown') : shown}
          thumbLabel={label}
          {...(value === undefined && {
            thumbValueText: t('device.notKnown'),
            styles: { bar: { display: 'none' }, thumb: { opacity: 0.5 } },
          })}
        />
        <Button
          ref={button}
          aria-label={`${t('device.set')}: ${label}`}
          loading={busy !== undefined}
          // Not `disabled`, which would take the focus from it when a wish is cancelled.
          aria-disabled={value === undefined}
          data-disabled={value === undefined || undefined}
          onClick={async () => {
            if (value === undefined) return;
            const { state } = await send(control.function, String(value), control.queueSeconds);
            // What did not get through stays chosen, and so does what was chosen meanwhile, and
            // what the device never publishes.
            if (state === 'done' && control.shows)
              setChosen((now) => (now === value ? undefined : now));
          }}
        >
          {t('device.set')}
        </Button>
      </Group>
      <Waiting wish={wish} told={busy !== undefined || wish?.id === commandId} />
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
