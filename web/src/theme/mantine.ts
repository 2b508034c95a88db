/** The theme file in the component library's terms. */
import { type CSSVariablesResolver, createTheme } from '@mantine/core';
import { theme } from './theme';

export const mantineTheme = createTheme({
  primaryColor: theme.primaryColor,
  primaryShade: theme.primaryShade,
  fontFamily: theme.fontFamily,
  headings: { fontFamily: theme.fontFamily },
  defaultRadius: 'md',
  cursorType: 'pointer',
});

/** The library's grey for lesser text is too faint for small print (WCAG 1.4.3: 4.5 to 1). */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: { '--mantine-color-dimmed': 'var(--mantine-color-gray-7)' },
  dark: { '--mantine-color-dimmed': 'var(--mantine-color-dark-1)' },
});
