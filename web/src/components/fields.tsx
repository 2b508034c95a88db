/** Fields that several forms have, with what the browser must know of them. */
import {
  PasswordInput,
  type PasswordInputProps,
  TextInput,
  type TextInputProps,
} from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { PASSWORD_MIN } from '../model/inputs';
import { beginning } from '../model/names';

export function EmailField(props: TextInputProps) {
  const { t } = useTranslation();
  return <TextInput label={t('signIn.email')} type="email" autoComplete="username" {...props} />;
}

export function NewPasswordField(props: PasswordInputProps) {
  const { t } = useTranslation();
  return (
    <PasswordInput
      label={t('signIn.password')}
      description={t('signUp.passwordHint', { count: PASSWORD_MIN })}
      autoComplete="new-password"
      {...props}
    />
  );
}

interface NameFieldProps extends TextInputProps {
  /** Characters; the attribute `maxlength` would count an emoji as two. */
  most: number;
}

/** What somebody or something is called. */
export function NameField({ most, onChange, ...props }: NameFieldProps) {
  return (
    <TextInput
      {...props}
      onChange={(event) => {
        event.currentTarget.value = beginning(event.currentTarget.value, most);
        onChange?.(event);
      }}
    />
  );
}

/** Codes and names that are not words: no corrections, no capitals of the phone's own. */
export function ExactField(props: TextInputProps) {
  return (
    <TextInput
      autoCapitalize="off"
      autoComplete="off"
      autoCorrect="off"
      spellCheck={false}
      {...props}
    />
  );
}
