import { describe, expect, it } from 'vitest';
import { contrast, DARK_SHADE, LIGHT_SHADE, shadesOf } from './colours';
import { theme } from './theme';

/** The component library's grounds. */
const WHITE = '#ffffff';
const DARK = '#242424';

/** One colour over another, as the library's pale buttons have it. */
function over(colour: string, ground: string, share: number): string {
  const parts = (hex: string) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
  const grounds = parts(ground);
  const mixed = parts(colour).map((part, index) =>
    Math.round(part * share + (grounds[index] ?? 0) * (1 - share)),
  );
  return `#${mixed.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}

describe.each([
  theme.colour,
  '#ffd000',
  '#00ff88',
  '#000080',
  '#ff0000',
  '#7048e8',
  '#000000',
  '#ffffff',
])('the shades of %s', (colour) => {
  const shades = shadesOf(colour);
  const light = shades[LIGHT_SHADE];
  const dark = shades[DARK_SHADE];

  it('bear white text', () => {
    expect(contrast(WHITE, light)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(WHITE, dark)).toBeGreaterThanOrEqual(4.5);
  });

  it('are seen as lines and rings on both grounds', () => {
    expect(contrast(light, WHITE)).toBeGreaterThanOrEqual(3);
    expect(contrast(dark, DARK)).toBeGreaterThanOrEqual(3);
  });

  it('are read as text on both grounds, and on their own pale tint', () => {
    expect(contrast(light, over(light, WHITE, 0.12))).toBeGreaterThanOrEqual(4.5);
    // The library's links and pale buttons in the dark.
    for (const text of [shades[4], shades[DARK_SHADE - 5]]) {
      expect(contrast(text ?? '', over(dark, DARK, 0.2))).toBeGreaterThanOrEqual(4.5);
    }
  });
});

describe('shadesOf', () => {
  it('leaves a colour as it is that can be read', () => {
    expect(shadesOf('#0b7285')[LIGHT_SHADE]).toBe('#0b7285');
  });

  it('refuses what is no colour', () => {
    expect(() => shadesOf('teal')).toThrow('teal');
  });
});
