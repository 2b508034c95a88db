import type { MantineColorShade } from '@mantine/core';

interface Theme {
  name: string;
  shortName: string;
  colour: string;
  primaryColor: string;
  primaryShade: { light: MantineColorShade; dark: MantineColorShade };
  fontFamily: string;
  signInWithGoogle: boolean;
}

/**
 * What makes the app the maker's own: the product's name and colours. The logo is `logo.svg` beside
 * this file; texts are in `src/messages/`, one file per language.
 */
export const theme: Theme = {
  /** Shown in the header, in the browser's tab and wherever a message says `{{product}}`. */
  name: 'Example Devices',
  /** Below the icon on a phone's home screen; at most 12 characters are sure to be seen. */
  shortName: 'Devices',
  /** The browser's own bars on a phone. */
  colour: '#0b7285',
  /** One of Mantine's colours (https://mantine.dev/theming/colors/) for buttons and links. */
  primaryColor: 'cyan',
  /** Shades of `primaryColor`, 0 to 9, dark enough for white text to be readable on them. */
  primaryShade: { light: 9, dark: 9 },
  /** Also to be allowed in the project: Authentication, Sign-in method. */
  signInWithGoogle: false,
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif',
};
