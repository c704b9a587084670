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

/** Binds an element; the answer removes what was bound. */
export function bindMapPointer(host: HTMLElement, port: PointerPort): () => void {
  const hand = new Hand(host, port);
  const bound = new AbortController();
  const options = { signal: bound.signal, passive: false };
  host.addEventListener('pointerdown', (event) => hand.down(event), options);
  host.addEventListener('pointermove', (event) => hand.move(event), options);
  host.addEventListener('pointerup', (event) => hand.up(event), options);
  host.addEventListener('pointercancel', () => hand.stop(), options);
  host.addEventListener('pointerleave', () => hand.leave(), options);
  host.addEventListener('wheel', (event) => hand.wheel(event), options);
  host.addEventListener('keydown', (event) => hand.key(event), options);
  host.addEventListener('keyup', (event) => { if (event.key === ' ') hand.space = false; }, options);
  host.addEventListener('blur', () => { hand.space = false; }, options);
  host.addEventListener('contextmenu', (event) => event.preventDefault(), options);
  return () => bound.abort();
}

class Hand {
  /** Held down, a drag pans. */
  space = false;
  readonly #host: HTMLElement;
  readonly #port: PointerPort;
  #held: Held | null = null;

  constructor(host: HTMLElement, port: PointerPort) {
    this.#host = host;
    this.#port = port;
  }

  down(event: PointerEvent): void {
    if (this.#held) return;
    // Capturing takes the focus that a press gives elsewhere.
    this.#host.focus({ preventScroll: true });
    this.#host.setPointerCapture(event.pointerId);
    const at = this.#at(event);
    if (event.button === 0 && !this.space) this.#held = { kind: 'lasso', id: event.pointerId, ring: [at], how: howOf(event) };
    else this.#held = { kind: 'pan', id: event.pointerId, last: at };
    if (event.button !== 0) event.preventDefault();
  }

  move(event: PointerEvent): void {
    const [now, held] = [this.#at(event), this.#held];
    if (held?.id !== event.pointerId) return this.#port.hover(now);
    if (held.kind === 'pan') {
      this.#port.pan(now[0] - held.last[0], now[1] - held.last[1]);
      held.last = now;
      return;
    }
    const last = held.ring[held.ring.length - 1];
    if (last && apart(last, now) < (held.ring.length === 1 ? DRAG : STEP)) return;
    held.ring.push(now);
    this.#port.hover(null);
    this.#port.lasso(held.ring);
  }

  up(event: PointerEvent): void {
    const held = this.#held;
    if (held?.id !== event.pointerId) return;
    this.#held = null;
    if (held.kind === 'pan') return;
    this.#port.lasso(null);
    const [first] = held.ring;
    if (held.ring.length >= 3) this.#port.choose(held.ring, held.how);
    else if (first) this.#port.click(first, held.how);
  }

  stop(): void {
    this.#held = null;
    this.#port.lasso(null);
  }

  leave(): void {
    if (!this.#held) this.#port.hover(null);
  }

  wheel(event: WheelEvent): void {
    event.preventDefault();
    const intent = wheelIntent(event);
    if (intent.kind === 'zoom') this.#port.zoom(this.#at(event), intent.factor);
    else this.#port.pan(intent.dx, intent.dy);
  }

  key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.#press(event.key)) return;
    event.preventDefault();
  }

  /** False = the key means nothing here. */
  #press(key: string): boolean {
    const { pan, zoom, fit, clear } = this.#port;
    const centre: Point = [this.#host.clientWidth / 2, this.#host.clientHeight / 2];
    switch (key) {
      case 'ArrowLeft': pan(PAN, 0); return true;
      case 'ArrowRight': pan(-PAN, 0); return true;
      case 'ArrowUp': pan(0, PAN); return true;
      case 'ArrowDown': pan(0, -PAN); return true;
      case '+': case '=': zoom(centre, ZOOM); return true;
      case '-': zoom(centre, 1 / ZOOM); return true;
      case '0': fit(); return true;
      case 'Escape': if (this.#held) this.stop(); else clear(); return true;
      case ' ': this.space = true; return true;
      default: return false;
    }
  }

  #at(event: MouseEvent): Point {
    const box = this.#host.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }
}
