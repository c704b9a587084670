import type { PictureComparison, PictureResult } from '#core/api/evaluation.ts';
import { score, signed } from '../../ui/words.ts';

/** Strokes by position: right, false, overlooked. The same in light and dark: they lie on the picture. */
export const MARK_COLORS = ['#43b98a', '#e8695a', '#e3a83c'] as const;

/** For OverlayThumb: [mark, x, y, w, h], the overlooked on top. */
export function marksOf({ found, overlooked }: PictureResult): number[][] {
  return [...found.map((one) => [one.right ? 0 : 1, ...one.box]), ...overlooked.map((one) => [2, ...one.box])];
}

export function resultWords({ matched, missed, false: wrong }: PictureResult): string {
  return [`${matched} right`, missed > 0 ? `${missed} missed` : '', wrong > 0 ? `${wrong} false` : ''].filter(Boolean).join(', ');
}

export function gainWords({ old, new: fresh }: PictureComparison): string {
  return `F1 ${score(old.f1)} → ${score(fresh.f1)} (${signed(fresh.f1 - old.f1)})`;
}
