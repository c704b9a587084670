/** Okabe and Ito's palette for colour-blind people (jfly.uni-koeln.de/color), lightened where it must stand out on grey images; then hues apart. */
const PALETTE = ['#e69f00', '#56b4e9', '#009e73', '#f0e442', '#d55e00', '#cc79a7', '#0072b2', '#b3e2cd', '#f4a582'];

export function defaultColor(index: number): string {
  return PALETTE[index] ?? hue(index * 137.508);
}

/** The keys 1–9 for the first nine classes; the others are chosen by name. */
export function defaultKey(index: number): string | null {
  return index < 9 ? String(index + 1) : null;
}

/** Golden-angle steps keep neighbours apart. `degrees` → #rrggbb at 70 % saturation, 60 % lightness. */
function hue(degrees: number): string {
  const channel = (n: number): string => {
    const k = (n + degrees / 30) % 12;
    const value = 0.6 - 0.28 * Math.max(-1, Math.min(k - 3, 9 - k, 1));
    return Math.round(value * 255).toString(16).padStart(2, '0');
  };
  return `#${channel(0)}${channel(8)}${channel(4)}`;
}
