import { useTranslation } from 'react-i18next';
import { speech } from '../messages/i18n';
import type { Device } from '../model/device';
import { numberText } from '../model/numbers';
import type { Command } from '../model/records';
import { dayAndTime } from '../model/times';
import { controlOf, refusalOf, standingOf, wish } from '../product';

type Told = Pick<Command, 'function' | 'status' | 'returnValue'> &
  Partial<Pick<Command, 'reason' | 'expiresAt' | 'replaced'>>;

/** What there is to say of commands to a device. */
export function useCommandWords(device: Device) {
  const { t } = useTranslation();
  const number = ({ returnValue }: Told) =>
    returnValue === undefined ? undefined : numberText(returnValue, {}, speech.locale);
  return {
    /** What it is about, and what is wished. */
    wish: (command: Pick<Command, 'function' | 'argument'>) =>
      wish(device, command, { on: t('common.on'), off: t('common.off') }),
    /** Until when one waits, and why one failed or was refused. */
    detail: (command: Told): string | undefined => {
      const { status, reason, expiresAt } = command;
      if (standingOf(device, command) === 'refused') {
        const why = refusalOf(device, command);
        return why
          ? t('command.refusedBecause', { why })
          : t('command.refused', { returnValue: number(command) });
      }
      if (status === 'queued' && expiresAt !== undefined) {
        return t('command.until', { time: dayAndTime(expiresAt, speech.locale) });
      }
      return (status === 'failed' || status === 'unknown') && reason
        ? t(`errors.${reason}`)
        : undefined;
    },
    /** What the device has answered. A control's function answers its firmware's code, which tells nobody anything. */
    answer: (command: Told): string | undefined =>
      command.status === 'succeeded' && !controlOf(device, command.function)
        ? number(command)
        : undefined,
  };
}
