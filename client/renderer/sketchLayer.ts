import type { Point } from '#core/geometry/polygon.ts';
import type { Sketch } from '../editor/tools/tool.ts';
import { toScreen, type Viewport } from '../editor/viewport.ts';

/** One corrective click as it is shown. */
export interface Mark {
  readonly at: Point;
  readonly positive: boolean;
  /** Of the selected instance: the others step back. */
  readonly strong: boolean;
}
/** The brush's tip at the pointer; diameter in image pixels. */
export interface Tip {
  readonly at: Point;
  readonly diameter: number;
  readonly erases: boolean;
}
export interface Drawing {
  readonly marks: readonly Mark[];
  readonly sketch: Sketch | null;
  readonly tip: Tip | null;
  /** Of the class, for outline and stroke. */
  readonly color: string;
}

const NS = 'http://www.w3.org/2000/svg';
const HALO = '#0b0d10';
const LIGHT = '#ffffff';
/** Ink of what the brush takes away. */
const ERASE = '#e8695a';
const TONE = { true: '#1f9d6b', false: '#c9473a' } as const;

/** Clicks, outlines and strokes in the making, as SVG over the canvas: few, sharp at every zoom, with a dark halo that is seen on any grey. */
export class SketchLayer {
  readonly root: SVGSVGElement = document.createElementNS(NS, 'svg');
  #empty = true;

  constructor() {
    this.root.classList.add('sketch');
    Object.assign(this.root.style, { position: 'absolute', inset: '0', width: '100%', height: '100%', overflow: 'hidden', pointerEvents: 'none' });
    this.root.setAttribute('aria-hidden', 'true');
  }

  show({ marks, sketch, tip, color }: Drawing, view: Viewport): void {
    const nodes = [
      ...(sketch?.kind === 'outline' ? outline(sketch, color, view) : []),
      ...(sketch?.kind === 'stroke' ? stroke(sketch, color, view) : []),
      ...marks.map((mark) => markNode(mark, view)),
      ...(tip ? tipNodes(tip, view) : []),
    ];
    if (nodes.length === 0 && this.#empty) return;
    this.#empty = nodes.length === 0;
    this.root.replaceChildren(...nodes);
  }
}

function element(name: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const node = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  return node;
}

function place(view: Viewport, point: Point): [string, string] {
  const [x, y] = toScreen(view, point);
  return [x.toFixed(1), y.toFixed(1)];
}

function pathOf(points: readonly Point[], view: Viewport): string {
  return points.map((point, i) => `${i === 0 ? 'M' : 'L'}${place(view, point).join(' ')}`).join('');
}

/** A disc with a plus or a minus: told apart by its sign, not by its colour alone. */
function markNode({ at, positive, strong }: Mark, view: Viewport): SVGElement {
  const [x, y] = place(view, at);
  const group = element('g', { transform: `translate(${x} ${y})`, opacity: strong ? 1 : 0.55, 'data-mark': positive ? 'plus' : 'minus' });
  group.append(
    element('circle', { r: 7.5, fill: TONE[`${positive}`], stroke: HALO, 'stroke-width': 3.4 }),
    element('circle', { r: 6.6, fill: TONE[`${positive}`], stroke: LIGHT, 'stroke-width': 1.4 }),
    element('path', { d: positive ? 'M-3.2 0H3.2M0-3.2V3.2' : 'M-3.2 0H3.2', stroke: LIGHT, 'stroke-width': 1.8, 'stroke-linecap': 'round' }),
  );
  return group;
}

function outline({ points, to, closes }: Extract<Sketch, { kind: 'outline' }>, color: string, view: Viewport): SVGElement[] {
  const [first] = points;
  if (!first) return [];
  const line = pathOf(to ? [...points, to] : points, view);
  const few = points.length <= 200;
  return [
    element('path', { d: `${line}Z`, fill: color, 'fill-opacity': 0.18, 'fill-rule': 'evenodd' }),
    element('path', { d: line, fill: 'none', stroke: HALO, 'stroke-opacity': 0.65, 'stroke-width': 4, 'stroke-linejoin': 'round' }),
    element('path', { d: line, fill: 'none', stroke: color, 'stroke-width': 2, 'stroke-linejoin': 'round' }),
    ...(few ? points.slice(1) : []).map((point) => vertex(point, 2.6, color, view)),
    vertex(first, closes ? 7 : 4, closes ? LIGHT : color, view),
  ];
}

function vertex(point: Point, radius: number, fill: string, view: Viewport): SVGElement {
  const [cx, cy] = place(view, point);
  return element('circle', { cx, cy, r: radius, fill, stroke: HALO, 'stroke-width': 1.4 });
}

function stroke({ points, diameter, erases }: Extract<Sketch, { kind: 'stroke' }>, color: string, view: Viewport): SVGElement[] {
  const [only] = points;
  if (!only) return [];
  // A path of no length has no round cap everywhere: a click is drawn as a line to itself.
  const line = pathOf(points.length === 1 ? [only, only] : points, view);
  return [element('path', { d: line, fill: 'none', stroke: erases ? ERASE : color, 'stroke-opacity': 0.45, 'stroke-width': (diameter * view.zoom).toFixed(1), 'stroke-linecap': 'round', 'stroke-linejoin': 'round' })];
}

function tipNodes({ at, diameter, erases }: Tip, view: Viewport): SVGElement[] {
  const [cx, cy] = place(view, at);
  const r = Math.max(1.5, (diameter * view.zoom) / 2).toFixed(1);
  return [
    element('circle', { cx, cy, r, fill: 'none', stroke: HALO, 'stroke-opacity': 0.7, 'stroke-width': 3 }),
    element('circle', { cx, cy, r, fill: 'none', stroke: erases ? ERASE : LIGHT, 'stroke-width': 1.4, 'stroke-dasharray': erases ? '4 3' : 'none' }),
  ];
}
