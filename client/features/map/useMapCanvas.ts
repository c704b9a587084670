import { onBeforeUnmount, onMounted, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue';
import type { Point } from '#core/geometry/polygon.ts';
import { fit, fitZoom, panBy, resized, toImage, toScreen, zoomAt, type Viewport } from '../../editor/viewport.ts';
import { MapRenderer, type MapScene } from '../../renderer/mapRenderer.ts';
import { bindMapPointer } from './mapPointer.ts';
import { nearestPoint, within, type Combine } from './places.ts';
import { WORLD, type Points } from './unpack.ts';

const SIZE = { width: WORLD, height: WORLD };
/** CSS pixels around a point that still count as on it. */
const REACH = 9;

export interface MapCanvas {
  /** The lasso that is being drawn, in CSS pixels. */
  lasso: ShallowRef<readonly Point[] | null>;
  hovered: Ref<number | null>;
  /** Where the hovered point lies on the screen. */
  hoverAt: ShallowRef<Point>;
  /** The browser cannot draw it. */
  failed: Ref<boolean>;
  zoom: (factor: number) => void;
  fitAll: () => void;
  /** Moves so that these points are seen. */
  reveal: (points: readonly number[]) => void;
}

interface Source {
  points: () => Points | null;
  scene: () => MapScene | null;
  choose: (points: number[], how: Combine) => void;
  open: (point: number) => void;
  clear: () => void;
}

/** Points get smaller the more there are, and grow a little when one zooms in. */
export function radiusOf(count: number, view: Viewport): number {
  const base = count <= 400 ? 4.5 : count <= 3000 ? 3.4 : count <= 20_000 ? 2.3 : 1.6;
  return base * Math.min(2.2, Math.max(1, (view.zoom / fitZoom(view, SIZE)) ** 0.35));
}

export function useMapCanvas(host: Ref<HTMLElement | null>, source: Source): MapCanvas {
  const view = shallowRef<Viewport>(fit({ width: 600, height: 600 }, SIZE));
  const renderer = shallowRef<MapRenderer | null>(null);
  const [lasso, hoverAt] = [shallowRef<readonly Point[] | null>(null), shallowRef<Point>([0, 0])];
  const [hovered, failed] = [ref<number | null>(null), ref(false)];
  let ends: (() => void)[] = [];
  let gone = false;

  function hover(at: Point | null): void {
    const points = source.points();
    hovered.value = at === null || !points ? null : nearestPoint(points.xy, toImage(view.value, at), REACH / view.value.zoom);
    place();
  }
  /** The hovered point stays under its card when the map moves. */
  function place(): void {
    const point = hovered.value;
    const xy = source.points()?.xy;
    if (point !== null && xy) hoverAt.value = toScreen(view.value, [xy[2 * point] ?? 0, xy[2 * point + 1] ?? 0]);
  }
  function click(at: Point, how: Combine): void {
    const points = source.points();
    const point = points ? nearestPoint(points.xy, toImage(view.value, at), REACH / view.value.zoom) : null;
    if (point === null) return;
    if (how === 'replace') source.open(point);
    else source.choose([point], how);
  }
  function fitTo(element: HTMLElement): void {
    // A page that is kept while another is looked at has no size.
    if (element.clientWidth === 0 || element.clientHeight === 0) return;
    const size = { width: element.clientWidth, height: element.clientHeight };
    renderer.value?.resize(size.width, size.height);
    view.value = resized(view.value, SIZE, size);
  }

  onMounted(async () => {
    const element = host.value;
    if (!element) return;
    try {
      const made = await MapRenderer.create(element);
      if (gone) return made.destroy();
      renderer.value = made;
    } catch {
      failed.value = true;
      return;
    }
    const observer = new ResizeObserver(() => fitTo(element));
    observer.observe(element);
    ends = [() => observer.disconnect(), bindMapPointer(element, {
      pan: (dx, dy) => { view.value = panBy(view.value, SIZE, dx, dy); },
      zoom: (at, factor) => { view.value = zoomAt(view.value, SIZE, at, factor); },
      fit: () => { view.value = fit(view.value, SIZE); },
      lasso: (ring) => { lasso.value = ring === null ? null : [...ring]; },
      choose: (ring, how) => {
        const points = source.points();
        if (points) source.choose(within(points.xy, ring.map((at) => toImage(view.value, at))), how);
      },
      click, hover, clear: source.clear,
    })];
  });
  onBeforeUnmount(() => {
    gone = true;
    for (const end of ends) end();
    renderer.value?.destroy();
  });

  watch([renderer, source.scene], ([drawn, scene]) => { if (drawn && scene) drawn.show(scene); });
  watch([renderer, view, source.points], ([drawn, now, points]) => {
    drawn?.look(now, radiusOf(points?.ids.length ?? 0, now));
    place();
  });
  watch(source.points, () => { hovered.value = null; });

  return {
    lasso, hovered, hoverAt, failed,
    zoom: (factor) => { view.value = zoomAt(view.value, SIZE, [view.value.width / 2, view.value.height / 2], factor); },
    fitAll: () => { view.value = fit(view.value, SIZE); },
    reveal: (points) => {
      const xy = source.points()?.xy;
      if (!xy || points.length === 0) return;
      const [xs, ys] = [points.map((p) => xy[2 * p] ?? 0), points.map((p) => xy[2 * p + 1] ?? 0)];
      const [left, right, top, bottom] = [least(xs), most(xs), least(ys), most(ys)];
      const zoom = Math.min(fitZoom(view.value, { width: Math.max(120, right - left), height: Math.max(120, bottom - top) }, 80), 4 * fitZoom(view.value, SIZE));
      view.value = { ...view.value, cx: (left + right) / 2, cy: (top + bottom) / 2, zoom: Math.max(zoom, fitZoom(view.value, SIZE)) };
    },
  };
}

// Not Math.min(...values): a selection may be longer than a list of arguments.
const least = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b), Infinity);
const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), -Infinity);
