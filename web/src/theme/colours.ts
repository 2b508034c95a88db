/** Shades of one colour in which everything can be read: by the contrasts of WCAG 2.2. */

type Rgb = readonly [number, number, number];

function parse(hex: string): Rgb {
  const digits = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(hex)?.slice(1);
  if (!digits) throw new Error(`${hex} is no colour like #0b7285`);
  return digits.map((pair) => Number.parseInt(pair, 16)) as unknown as Rgb;
}

function write(colour: Rgb): string {
  return `#${colour.map((part) => Math.round(part).toString(16).padStart(2, '0')).join('')}`;
}

function mix(colour: Rgb, other: number, share: number): Rgb {
  return colour.map((part) => part + (other - part) * share) as unknown as Rgb;
}

/** How light a colour is to the eye, from 0 to 1 (https://www.w3.org/TR/WCAG22/#dfn-relative-luminance). */
function luminance(colour: Rgb): number {
  const [red, green, blue] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as unknown as Rgb;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

export function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(parse(one)), luminance(parse(other))].sort(
    (a, b) => a - b,
  );
  return (lighter + 0.05) / (darker + 0.05);
}

/** Mixed with white or black until it is between the two lightnesses. */
function between(colour: Rgb, least: number, most: number): Rgb {
  const own = luminance(colour);
  if (own >= least && own <= most) return colour;
  const towards = own < least ? 255 : 0;
  let [close, far] = [0, 1];
  for (let step = 0; step < 20; step++) {
    const share = (close + far) / 2;
    const reached = luminance(mix(colour, towards, share));
    if (towards === 255 ? reached < (least + most) / 2 : reached > (least + most) / 2) {
      close = share;
    } else {
      far = share;
    }
  }
  return mix(colour, towards, far);
}

/** Below it white text can be read on the colour (4.5), and the colour on its own pale tint. */
const DARK_ENOUGH = 0.14;
/** White text on it (4.5), and it on the dark ground (3). */
const ON_DARK = [0.156, 0.18] as const;
/** Shares of white in the paler ones. */
const TINTS = [0.94, 0.86, 0.75, 0.65, 0.55, 0.4, 0.25, 0.1] as const;

export const LIGHT_SHADE = 9;
export const DARK_SHADE = 8;

export type Shades = [
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
];

/** From the palest to the one for light grounds; the one before it is for dark grounds. */
export function shadesOf(colour: string): Shades {
  const brand = parse(colour);
  const own = between(brand, 0, DARK_ENOUGH);
  const onDark = between(brand, ...ON_DARK);
  return [...TINTS.map((share) => mix(onDark, 255, share)), onDark, own].map(
    write,
  ) as unknown as Shades;
}
