import type { Point } from '#core/geometry/polygon.ts';
import { toScreen, type Viewport } from '../editor/viewport.ts';
import { placeTags, type Placed } from './tagPlaces.ts';

export interface Tag extends Placed {
  readonly key: string;
  readonly color: string;
  readonly ink: string;
  /** A mask is being made for it. */
  readonly working: boolean;
  readonly strong: boolean;
  /** Of something that is not there any more: dotted, as its box. */
  readonly ghost: boolean;
}

export interface Cursor {
  readonly key: string;
  readonly name: string;
  readonly color: string;
  readonly ink: string;
  readonly at: Point;
}

const ARROW = 'M1 1l5.2 13.2 2-5.6 5.6-2z';

/** Words on the canvas, as DOM nodes over it: names at boxes and colleagues' cursors. Decoration: the instance list says the same aloud. */
export class TagLayer {
  readonly root = document.createElement('div');
  readonly #nodes = new Map<string, HTMLElement>();

  constructor() {
    this.root.className = 'tags';
    this.root.setAttribute('aria-hidden', 'true');
  }

  show(tags: readonly Tag[], cursors: readonly Cursor[], view: Viewport): void {
    const seen = new Set<string>();
    const places = placeTags(tags, view);
    for (const [i, tag] of tags.entries()) {
      const place = places[i];
      if (!place) continue;
      seen.add(tag.key);
      showTag(this.#node(tag.key, 'tag'), tag, place);
    }
    for (const cursor of cursors) {
      seen.add(cursor.key);
      this.#showCursor(this.#node(cursor.key, 'peer'), cursor, view);
    }
    for (const [key, node] of this.#nodes) {
      if (seen.has(key)) continue;
      node.remove();
      this.#nodes.delete(key);
    }
  }

  #node(key: string, kind: 'tag' | 'peer'): HTMLElement {
    const known = this.#nodes.get(key);
    if (known) return known;
    const node = document.createElement('div');
    node.className = kind;
    this.#nodes.set(key, node);
    this.root.append(node);
    return node;
  }

  #showCursor(node: HTMLElement, cursor: Cursor, view: Viewport): void {
    if (!node.firstChild) node.append(arrow(), document.createElement('span'));
    const [x, y] = toScreen(view, cursor.at);
    const name = node.querySelector('span');
    if (name) {
      if (name.textContent !== cursor.name) name.textContent = cursor.name;
      name.style.background = cursor.color;
      name.style.color = cursor.ink;
    }
    node.style.color = cursor.color;
    node.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`;
  }
}

function showTag(node: HTMLElement, tag: Tag, [x, y]: Point): void {
  node.classList.toggle('strong', tag.strong);
  node.classList.toggle('working', tag.working);
  if (node.textContent !== tag.text) node.textContent = tag.text;
  node.style.background = tag.color;
  node.style.color = tag.ink;
  node.style.outline = tag.ghost ? '1px dotted currentColor' : '';
  node.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
}

function arrow(): SVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 15 16');
  svg.setAttribute('width', '15');
  svg.setAttribute('height', '16');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', ARROW);
  path.setAttribute('fill', 'currentColor');
  path.setAttribute('stroke', '#0b0d10');
  path.setAttribute('stroke-width', '1.2');
  svg.append(path);
  return svg;
}
