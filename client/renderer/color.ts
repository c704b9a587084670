/** Red, green, blue, each 0…1. */
export type Rgb = readonly [r: number, g: number, b: number];

/** Reads `#rrggbb` and `hsl(h s% l%)`; anything else is a light grey, which is seen on any picture. */
export function parseColor(text: string): Rgb {
  const hsl = /^hsl\((\d+) (\d+)% (\d+)%\)$/.exec(text);
  if (hsl) return fromHsl(Number(hsl[1]), Number(hsl[2]) / 100, Number(hsl[3]) / 100);
  const hex = /^#([0-9a-f]{6})$/i.exec(text)?.[1];
  if (hex === undefined) return [0.8, 0.82, 0.85];
  const value = Number.parseInt(hex, 16);
  return [((value >> 16) & 255) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255];
}

/** Black or white, whichever reads better on the colour (WCAG relative luminance). */
export function inkOn(text: string): '#0b0d10' | '#ffffff' {
  const [r, g, b] = parseColor(text).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  const luminance = 0.2126 * (r ?? 0) + 0.7152 * (g ?? 0) + 0.0722 * (b ?? 0);
  return luminance > 0.18 ? '#0b0d10' : '#ffffff';
}

function fromHsl(hue: number, saturation: number, lightness: number): Rgb {
  const reach = saturation * Math.min(lightness, 1 - lightness);
  const channel = (n: number): number => {
    const k = (n + hue / 30) % 12;
    return lightness - reach * Math.max(-1, Math.min(k - 3, 9 - k, 1));
  };
  return [channel(0), channel(8), channel(4)];
}
