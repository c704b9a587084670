import { traceRings } from '#core/geometry/contour.ts';
import { toCorners, type Box } from '#core/geometry/box.ts';
import type { Rle } from '#core/geometry/rle.ts';
import type { ObjectChangeDto } from '#core/api/dataset.ts';
import { cropMask } from '../../renderer/maskCrop.ts';

/** The outline of a mask as the `d` of an SVG path in image pixels; empty for a mask without pixels. */
export function outlinePath(rle: Rle): string {
  const crop = cropMask(rle);
  if (!crop) return '';
  const [x0, y0, w, h] = crop.window;
  const [sx, sy] = [w / crop.width, h / crop.height];
  return traceRings(crop.bitmap, crop).map((ring) => `M${ring.map(([x, y]) => `${x0 + x * sx} ${y0 + y * sy}`).join('L')}Z`).join('');
}

/** Pixels of the picture around the smallest object that is shown: less would be a blur. */
const LEAST_SIDE = 48;

/** The square part of the picture that shows a changed object on both sides with some of what is around it. */
export function cropAround({ before, after }: Pick<ObjectChangeDto, 'before' | 'after'>): Box {
  const boxes = [before, after].flatMap((i) => (i ? [toCorners(i.box)] : []));
  const [x1, y1] = [Math.min(...boxes.map((b) => b[0])), Math.min(...boxes.map((b) => b[1]))];
  const [x2, y2] = [Math.max(...boxes.map((b) => b[2])), Math.max(...boxes.map((b) => b[3]))];
  const side = Math.max(LEAST_SIDE, (x2 - x1) * 1.6, (y2 - y1) * 1.6);
  const [cx, cy] = [(x1 + x2) / 2, (y1 + y2) / 2];
  return [cx - side / 2, cy - side / 2, side, side];
}
