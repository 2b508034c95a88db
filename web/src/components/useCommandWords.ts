import { useTranslation } from 'react-i18next';
import { speech } from '../messages/i18n';
import type { Device } from '../model/device';
import type { Command } from '../model/records';
import { dayAndTime } from '../model/times';
import { controlOf, wish } from '../product';

type Told = Pick<Command, 'function' | 'status' | 'returnValue'> &
  Partial<Pick<Command, 'reason' | 'expiresAt'>>;

/** What there is to say of commands to a device. */
export function useCommandWords(device: Device) {
  const { t } = useTranslation();
  return {
    /** What it is about, and what is wished. */
    wish: (command: Pick<Command, 'function' | 'argument'>) =>
      wish(device, command, { on: t('common.on'), off: t('common.off') }),
    /** Until when one waits, and why one failed. */
    detail: ({ status, reason, expiresAt }: Told): string | undefined => {
      if (status === 'queued' && expiresAt !== undefined) {
        return t('command.until', { time: dayAndTime(expiresAt, speech.locale) });
      }
      return (status === 'failed' || status === 'unknown') && reason
        ? t(`errors.${reason}`)
        : undefined;
    },
    /** What the device has answered. A control's function answers its firmware's code, which tells nobody anything. */
    answer: ({ function: called, status, returnValue }: Told): string | undefined =>
      status === 'succeeded' && returnValue !== undefined && !controlOf(device, called)
        ? returnValue.toLocaleString(speech.locale)
        : undefined,
  };
}
