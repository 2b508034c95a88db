import { Alert, Text } from '@mantine/core';
import { IconAlertCircle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Problem, Reason } from '../backend/problems';
import { toWait } from '../model/times';
import { theme } from '../theme/theme';
import { Support } from './Support';

/** What neither waiting nor trying again will mend. */
const FOR_SUPPORT: readonly Reason[] = [
  'account-closed',
  'account-disabled',
  'app-check-required',
  'device-not-ready',
  'unexpected',
];

/** What people call the fields of requests that they fill in. */
const FIELDS = [
  ['serialNumber', 'addDevice.serial'],
  ['setupCode', 'addDevice.code'],
  ['name', 'addDevice.name'],
  ['function', 'device.function'],
  ['argument', 'device.argument'],
  ['variable', 'device.variable'],
] as const;

interface FailureProps {
  problem: Problem;
  /** What can be done about it here. */
  children?: ReactNode;
}

/** A failure in words that help, with the id that support can look up. */
export function Failure({ problem, children }: FailureProps) {
  const { t } = useTranslation();
  const { reason, field, retryAfter, errorId, hint } = problem;
  const label = FIELDS.find(([name]) => name === field)?.[1];
  const wait = retryAfter === undefined ? undefined : toWait(retryAfter);
  return (
    <Alert color="red" icon={<IconAlertCircle aria-hidden />} data-reason={reason}>
      <Text size="sm">
        {t(`errors.${reason}`)}
        {hint && ` ${t('common.hint', { hint })}`}
        {label && ` ${t('common.field', { field: t(label) })}`}
        {wait && ` ${t(`common.wait.${wait.unit}`, { count: wait.count })}`}
      </Text>
      {children}
      {FOR_SUPPORT.includes(reason) && (
        <Support subject={[theme.name, reason, errorId].filter(Boolean).join(', ')} />
      )}
      {errorId && (
        <Text size="xs" c="dimmed" mt={4}>
          {t('common.errorId', { errorId })}
        </Text>
      )}
    </Alert>
  );
}
