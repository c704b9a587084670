import type { Size } from '#core/geometry/box.ts';
import type { Peer } from './editor.ts';
import { clampZoom, type Viewport } from './viewport.ts';

/** Milliseconds in which a followed view covers about two thirds of its way. */
const EASE_MS = 90;
/** CSS pixels, and share of the zoom, below which nobody sees a difference. */
const NEAR = 0.3;
const NEAR_ZOOM = 1e-3;

/**
 * A colleague's view in a canvas of another size: the same centre, and at least as much of the picture as they see, as far as one can zoom. What they
 * claim to see is a stranger's word: a view of nothing is not followed, and the centre stays on the picture.
 */
export function seenBy({ viewport, canvas }: Pick<Peer, 'viewport' | 'canvas'>, own: Viewport, image: Size): Viewport {
  if (!viewport) return own;
  const [cx, cy, zoom] = viewport;
  const scale = canvas ? Math.min(own.width / canvas[0], own.height / canvas[1]) : 1;
  const asked = zoom * scale;
  if (![cx, cy, asked].every(Number.isFinite) || asked <= 0) return own;
  return { ...own, cx: Math.min(image.width, Math.max(0, cx)), cy: Math.min(image.height, Math.max(0, cy)), zoom: clampZoom(own, image, asked) };
}

/** The view some milliseconds further on its way to another; the zoom goes by ratios, so that it looks even. */
export function approach(from: Viewport, to: Viewport, ms: number): { view: Viewport; arrived: boolean } {
  const apart = Math.hypot(to.cx - from.cx, to.cy - from.cy) * to.zoom;
  if (apart === 0 && to.zoom === from.zoom) return { view: from, arrived: true };
  if (apart < NEAR && Math.abs(to.zoom / from.zoom - 1) < NEAR_ZOOM) return { view: { ...from, cx: to.cx, cy: to.cy, zoom: to.zoom }, arrived: true };
  const part = 1 - Math.exp(-ms / EASE_MS);
  const view = { ...from, cx: from.cx + (to.cx - from.cx) * part, cy: from.cy + (to.cy - from.cy) * part, zoom: from.zoom * (to.zoom / from.zoom) ** part };
  return ms === Infinity ? { view: { ...from, cx: to.cx, cy: to.cy, zoom: to.zoom }, arrived: true } : { view, arrived: false };
}
