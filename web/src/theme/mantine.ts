/** The theme file in the component library's terms. */
import { Alert, type CSSVariablesResolver, createTheme } from '@mantine/core';
import { theme } from './theme';

export const mantineTheme = createTheme({
  primaryColor: theme.primaryColor,
  primaryShade: theme.primaryShade,
  fontFamily: theme.fontFamily,
  headings: { fontFamily: theme.fontFamily },
  defaultRadius: 'md',
  cursorType: 'pointer',
  components: {
    // The library writes the title in the alert's colour, which is too faint for yellow ones.
    Alert: Alert.extend({ styles: { title: { color: 'var(--mantine-color-text)' } } }),
  },
});

/** Darker under the pointer; the library's own shade is lighter, and white text faint on it. */
const hovered = `color-mix(in srgb, var(--mantine-color-${theme.primaryColor}-filled), black 15%)`;

/** The library's colours for lesser text and for errors are too faint for small print (WCAG 1.4.3: 4.5 to 1). */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {
    '--mantine-primary-color-filled-hover': hovered,
    [`--mantine-color-${theme.primaryColor}-filled-hover`]: hovered,
  },
  light: {
    '--mantine-color-dimmed': 'var(--mantine-color-gray-7)',
    '--mantine-color-error': 'var(--mantine-color-red-9)',
  },
  dark: {
    '--mantine-color-dimmed': 'var(--mantine-color-dark-1)',
    '--mantine-color-error': 'var(--mantine-color-red-4)',
  },
});
