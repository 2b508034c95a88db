/** What people type, checked before it is sent. The server checks again. */

/** Firebase Auth's own least length; a project's password policy may ask for more. */
export const PASSWORD_MIN = 6;

/** Characters, as the functions take them. */
export const DEVICE_NAME_MAX = 100;

/** Rough on purpose: whether an address exists, only a mail to it can tell. */
export function isEmail(typed: string): boolean {
  return /^\S+@\S+\.\S+$/.test(typed.trim());
}

/** Names of functions and variables on a device. */
export function isIdentifier(typed: string): boolean {
  return /^[A-Za-z0-9_]{1,64}$/.test(typed);
}
