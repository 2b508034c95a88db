import { useTranslation } from 'react-i18next';
import { isEmail, isIdentifier, PASSWORD_MIN } from '../model/inputs';

type Check = (typed: string) => string | null;

/** What forms check before they send: words where something is wrong with what was typed. */
export function useChecks(): Record<'filled' | 'email' | 'newPassword' | 'identifier', Check> {
  const { t } = useTranslation();
  return {
    filled: (typed) => (typed.trim() ? null : t('form.required')),
    email: (typed) => (isEmail(typed) ? null : t('form.email')),
    newPassword: (typed) =>
      typed.length >= PASSWORD_MIN ? null : t('form.passwordShort', { count: PASSWORD_MIN }),
    identifier: (typed) => (isIdentifier(typed.trim()) ? null : t('form.identifier')),
  };
}
