import type { Face } from '#core/api/system.ts';

/**
 * Colours of people, in the order in which they are given out: each as far as possible (in OKLab) from those before it. Dark ink on them has contrast ≥ 5, and on pictures
 * every stroke in them has a dark halo.
 */
export const FACE_PALETTE: readonly string[] = [
  '#62b5fb', '#deeb12', '#f3572a', '#0fa626', '#cb5ed6', '#fdd1d9', '#b9b06c', '#5ef0d7', '#a37d88', '#fd95f5',
  '#56d75b', '#46a49a', '#2c84ff', '#b47d06', '#f48998', '#fa8f19', '#ed4f8d', '#c2afcf', '#9886fd', '#ccde9a',
];
/** Of somebody whose colour is not known (yet). */
const UNKNOWN = '#b4bcc8';

export function faceColor(face: Face | null): string {
  return (face && FACE_PALETTE[face.color]) ?? UNKNOWN;
}
