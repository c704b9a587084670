import type { ToolId } from './tools/tool.ts';

/** What stays on the annotator's desk from one picture to the next. */
export interface Desk {
  tool: ToolId;
  /** The class of the next box: the last one used. */
  classIndex: number;
  /** All masks shown. */
  masks: boolean;
  /** The brush's diameter, image pixels. */
  brush: number;
  /** The brush takes away. */
  erasing: boolean;
  /** A box that was drawn or moved becomes the tight box of its mask, once the mask is there. */
  tighten: boolean;
}

/** Diameters that the brush steps through. */
export const BRUSHES: readonly number[] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256];

export const PLAIN_DESK: Desk = { tool: 'box', classIndex: 0, masks: true, brush: 16, erasing: false, tighten: false };

/** The next larger (1) or smaller (−1) brush. */
export function nextBrush(now: number, step: 1 | -1): number {
  const found = step > 0 ? BRUSHES.find((size) => size > now) : BRUSHES.findLast((size) => size < now);
  return found ?? now;
}

/** How the picture is shown; 0 / 1 / 1 / false leave it as it is. */
export interface PictureLook {
  /** Added to the grey value, −1…1. */
  readonly brightness: number;
  /** Slope around mid grey, 0.2…4. */
  readonly contrast: number;
  /** Exponent's inverse, 0.2…4: above 1 lifts the shadows. */
  readonly gamma: number;
  readonly invert: boolean;
}

export const PLAIN_LOOK: PictureLook = { brightness: 0, contrast: 1, gamma: 1, invert: false };

const LIMITS = { brightness: [-1, 1], contrast: [0.2, 4], gamma: [0.2, 4] } as const;

/** Reads a look that was kept as text; anything damaged or out of range gives the plain look. */
export function parseLook(text: string | null): PictureLook {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return isLook(value) ? value : PLAIN_LOOK;
  } catch {
    return PLAIN_LOOK;
  }
}

function isLook(value: unknown): value is PictureLook {
  if (typeof value !== 'object' || value === null) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  const inRange = Object.entries(LIMITS).every(([name, [least, most]]) => {
    const number = fields.get(name);
    return typeof number === 'number' && number >= least && number <= most;
  });
  return inRange && typeof fields.get('invert') === 'boolean';
}
