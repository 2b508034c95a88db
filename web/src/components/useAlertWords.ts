import { useTranslation } from 'react-i18next';
import { speech } from '../messages/i18n';
import type { Limit, Rule } from '../model/alerts';
import type { Device } from '../model/device';
import { formatValue } from '../model/values';
import { described, keyOf, kindOf, say } from '../product';
import { watchable } from '../product/alerts';

interface AlertWords {
  /** What an alert watches for, in a sentence. */
  rule: (rule: Rule) => string;
  /** A value that an alert has seen. */
  value: (rule: Rule, value: Limit) => string;
  /** Seconds, in the unit that people count them in. */
  lasting: (seconds: number) => string;
}

/** Alerts of a device in the words of its kind. */
export function useAlertWords(device: Device): AlertWords {
  const { t } = useTranslation();
  const lasting = (seconds: number) => {
    if (seconds % 86_400 === 0) return t('alerts.days', { count: seconds / 86_400 });
    if (seconds % 3600 === 0) return t('alerts.hours', { count: seconds / 3600 });
    if (seconds % 60 === 0) return t('alerts.minutes', { count: seconds / 60 });
    return t('alerts.seconds', { count: seconds });
  };
  const value = (rule: Rule, shown: Limit) => {
    const reading =
      rule.kind === 'threshold'
        ? kindOf(device)?.readings.find(
            (one) => keyOf(one) === keyOf({ event: rule.event, part: rule.metric }),
          )
        : undefined;
    return formatValue(reading ? described(shown, reading) : shown, speech.locale, {
      yes: t('common.yes'),
      no: t('common.no'),
      nothing: t('common.nothing'),
      empty: t('common.emptyText'),
    });
  };
  const what = (event: string, part: string | undefined) => {
    const key = keyOf({ event, part });
    const reading = kindOf(device)?.readings.find((one) => keyOf(one) === key);
    if (reading) return say(reading.name);
    return watchable(device).find((one) => one.key === key)?.label ?? key;
  };
  const rule = (one: Rule) => {
    if (one.kind === 'silence') {
      const time = lasting(one.silentSeconds);
      return one.event
        ? t('alerts.silentOf', { event: one.event, time })
        : t('alerts.silent', { time });
    }
    const words = { what: what(one.event, one.metric), value: value(one, one.value) };
    const said = t(`alerts.rule.${one.op}`, words);
    return one.forSeconds > 0
      ? t('alerts.lasting', { rule: said, time: lasting(one.forSeconds) })
      : said;
  };
  return { rule, value, lasting };
}
