import type { ClassDto } from '#core/api/project.ts';
import type { Shape } from '../editor/shapes.ts';
import { parseColor, type Rgb } from './color.ts';

/** How one shape's box is drawn. Widths in CSS pixels. */
export interface FrameStyle {
  readonly color: Rgb;
  readonly alpha: number;
  readonly width: number;
  readonly dotted: boolean;
  readonly halo: number;
  /** A diagonal through the box. */
  readonly struck: boolean;
}

export interface MaskStyle {
  readonly fill: number;
  readonly edge: number;
}

const GREY: Rgb = [0.62, 0.65, 0.7];

/** Prediction thin, person's thicker, ghost dotted grey, rejected grey and struck; the selected and the hovered stand out. */
export function frameStyle(shape: Shape, color: Rgb, selected: boolean, hovered: boolean, dimmed = false): FrameStyle {
  if (dimmed) return { color, alpha: 0.38, width: 1, dotted: false, halo: 0.2, struck: false };
  const lift = selected || hovered ? 1 : 0;
  switch (shape.state) {
    case 'ghost':
      return { color: GREY, alpha: selected ? 0.9 : 0.6, width: 1, dotted: true, halo: 0.35, struck: false };
    case 'rejected':
      return { color: GREY, alpha: lift ? 0.95 : 0.6, width: 1, dotted: false, halo: 0.4, struck: true };
    case 'kept':
      return { color, alpha: 1, width: 1 + lift, dotted: false, halo: 0.6, struck: false };
    case 'person':
      // Only a place is known: the box is a stand-in.
      if (shape.boxFrom && !shape.mask) return { color, alpha: 0.6, width: 1, dotted: true, halo: 0.35, struck: false };
      return { color, alpha: 1, width: 2 + (lift ? 0.5 : 0), dotted: false, halo: 0.7, struck: false };
  }
}

/** With all masks off only the selected and the hovered show theirs. */
export function maskStyle(shape: Shape, all: boolean, selected: boolean, hovered: boolean): MaskStyle | null {
  if (shape.state === 'ghost' || shape.state === 'rejected') return null;
  if (selected) return { fill: 0.3, edge: 1 };
  if (hovered) return { fill: 0.22, edge: 1 };
  return all ? { fill: 0.17, edge: 0.8 } : null;
}

/** Class index → colour, read once per list of classes. */
export function classColors(classes: readonly ClassDto[]): (index: number) => Rgb {
  const colors = new Map(classes.map((c) => [c.index, parseColor(c.color)]));
  return (index) => colors.get(index) ?? parseColor('');
}
