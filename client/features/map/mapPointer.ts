/** Mouse, pen and keys on the map: drag lassoes, middle or right button pans, the wheel zooms, a click opens. Knows neither Vue nor Pixi. */
import type { Point } from '#core/geometry/polygon.ts';
import { wheelIntent } from '../../editor/wheel.ts';
import type { Combine } from './places.ts';

export interface PointerPort {
  pan: (dx: number, dy: number) => void;
  zoom: (at: Point, factor: number) => void;
  fit: () => void;
  /** The lasso so far, in CSS pixels of the element; null = there is none. */
  lasso: (ring: readonly Point[] | null) => void;
  /** The lasso is closed. */
  choose: (ring: readonly Point[], how: Combine) => void;
  click: (at: Point, how: Combine) => void;
  hover: (at: Point | null) => void;
  clear: () => void;
}

/** Further than this is a drag, no click (CSS pixels). */
const DRAG = 4;
/** A lasso's points are at least so far apart. */
const STEP = 3;
const PAN = 60;
const ZOOM = 1.25;

type Held = { kind: 'lasso'; id: number; ring: Point[]; how: Combine } | { kind: 'pan'; id: number; last: Point };

const howOf = (event: MouseEvent): Combine => (event.shiftKey || event.ctrlKey || event.metaKey ? 'add' : event.altKey ? 'remove' : 'replace');
const apart = ([ax, ay]: Point, [bx, by]: Point): number => Math.hypot(ax - bx, ay - by);

/** Returns the remover. */
export function bindMapPointer(host: HTMLElement, port: PointerPort): () => void {
  let held: Held | null = null;
  let space = false;
  const at = (event: MouseEvent): Point => {
    const box = host.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const down = (event: PointerEvent): void => {
    if (held) return;
    // Capturing takes the focus that a press gives elsewhere.
    host.focus({ preventScroll: true });
    host.setPointerCapture(event.pointerId);
    if (event.button === 0 && !space) held = { kind: 'lasso', id: event.pointerId, ring: [at(event)], how: howOf(event) };
    else held = { kind: 'pan', id: event.pointerId, last: at(event) };
    if (event.button !== 0) event.preventDefault();
  };
  const move = (event: PointerEvent): void => {
    const now = at(event);
    if (held?.id !== event.pointerId) return port.hover(now);
    if (held.kind === 'pan') {
      port.pan(now[0] - held.last[0], now[1] - held.last[1]);
      held.last = now;
      return;
    }
    const last = held.ring[held.ring.length - 1];
    if (last && apart(last, now) < (held.ring.length === 1 ? DRAG : STEP)) return;
    held.ring.push(now);
    port.hover(null);
    port.lasso(held.ring);
  };
  const up = (event: PointerEvent): void => {
    const hold = held;
    if (hold?.id !== event.pointerId) return;
    held = null;
    if (hold.kind === 'pan') return;
    port.lasso(null);
    const [first] = hold.ring;
    if (hold.ring.length >= 3) port.choose(hold.ring, hold.how);
    else if (first) port.click(first, hold.how);
  };
  const stop = (): void => {
    held = null;
    port.lasso(null);
  };
  const wheel = (event: WheelEvent): void => {
    event.preventDefault();
    const intent = wheelIntent(event);
    if (intent.kind === 'zoom') port.zoom(at(event), intent.factor);
    else port.pan(intent.dx, intent.dy);
  };
  const centre = (): Point => [host.clientWidth / 2, host.clientHeight / 2];
  const keys: Record<string, () => void> = {
    ArrowLeft: () => port.pan(PAN, 0), ArrowRight: () => port.pan(-PAN, 0), ArrowUp: () => port.pan(0, PAN), ArrowDown: () => port.pan(0, -PAN),
    '+': () => port.zoom(centre(), ZOOM), '=': () => port.zoom(centre(), ZOOM), '-': () => port.zoom(centre(), 1 / ZOOM), '0': () => port.fit(),
    Escape: () => { if (held) stop(); else port.clear(); },
    ' ': () => { space = true; },
  };
  const key = (event: KeyboardEvent): void => {
    const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };
  const keyUp = (event: KeyboardEvent): void => { if (event.key === ' ') space = false; };
  const leave = (): void => { if (!held) port.hover(null); };
  const menu = (event: Event): void => event.preventDefault();
  const blur = (): void => { space = false; };
  const bindings: [string, EventListener][] = [
    ['pointerdown', (e) => { if (e instanceof PointerEvent) down(e); }], ['pointermove', (e) => { if (e instanceof PointerEvent) move(e); }],
    ['pointerup', (e) => { if (e instanceof PointerEvent) up(e); }], ['pointercancel', stop], ['pointerleave', leave], ['contextmenu', menu], ['blur', blur],
    ['wheel', (e) => { if (e instanceof WheelEvent) wheel(e); }], ['keydown', (e) => { if (e instanceof KeyboardEvent) key(e); }], ['keyup', (e) => { if (e instanceof KeyboardEvent) keyUp(e); }],
  ];
  for (const [name, listener] of bindings) host.addEventListener(name, listener, { passive: false });
  return () => { for (const [name, listener] of bindings) host.removeEventListener(name, listener); };
}
