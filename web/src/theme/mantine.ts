/** The theme file in the component library's terms. */
import { Alert, type CSSVariablesResolver, createTheme } from '@mantine/core';
import { DARK_SHADE, LIGHT_SHADE, shadesOf } from './colours';
import { theme } from './theme';

export const mantineTheme = createTheme({
  colors: { brand: shadesOf(theme.colour) },
  primaryColor: 'brand',
  primaryShade: { light: LIGHT_SHADE, dark: DARK_SHADE },
  fontFamily: theme.fontFamily,
  headings: { fontFamily: theme.fontFamily },
  defaultRadius: 'md',
  cursorType: 'pointer',
  components: {
    // The library writes the title in the alert's colour, which is too faint for yellow ones.
    Alert: Alert.extend({ styles: { title: { color: 'var(--mantine-color-text)' } } }),
  },
});

const primary = '--mantine-color-brand';

/** Under the pointer the library pales what is pressed, and the text on it gets too faint. */
const hovered = {
  [`${primary}-filled-hover`]: `color-mix(in srgb, var(${primary}-filled), black 15%)`,
  [`${primary}-light-hover`]: `var(${primary}-light)`,
};

/** The library's colours for lesser text and for errors are too faint for small print (WCAG 1.4.3: 4.5 to 1). */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    ...hovered,
    '--mantine-color-dimmed': 'var(--mantine-color-gray-7)',
    '--mantine-color-error': 'var(--mantine-color-red-9)',
  },
  dark: {
    ...hovered,
    '--mantine-color-dimmed': 'var(--mantine-color-dark-1)',
    '--mantine-color-error': 'var(--mantine-color-red-4)',
  },
});
