/** Charts as SVG for a file that is read without scripts. Pure. Colours are the file's CSS variables. */
import { html, type Html } from './escape.ts';

export interface Curve {
  label: string;
  color: string;
  points: readonly (readonly [x: number, y: number])[];
  dots?: boolean;
}
export interface Plot {
  title: string;
  curves: readonly Curve[];
  x: readonly [low: number, high: number];
  y: readonly [low: number, high: number];
  xWords: (x: number) => string;
  yWords: (y: number) => string;
  /** Where lines and words of the axes are. */
  xTicks: readonly number[];
  yTicks: readonly number[];
  /** [x, low, high]: where a curve may lie. */
  band?: readonly (readonly [x: number, low: number, high: number])[];
  xLabel: string;
}

const [W, H, LEFT, RIGHT, TOP, BOTTOM] = [520, 260, 40, 12, 10, 36];

export function plot(p: Plot): Html {
  const px = (x: number): number => round(LEFT + ((x - p.x[0]) / (p.x[1] - p.x[0] || 1)) * (W - LEFT - RIGHT));
  const py = (y: number): number => round(H - BOTTOM - ((Math.min(p.y[1], Math.max(p.y[0], y)) - p.y[0]) / (p.y[1] - p.y[0] || 1)) * (H - TOP - BOTTOM));
  const path = (points: readonly (readonly [number, number])[]): string => points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${px(x)} ${py(y)}`).join('');
  const band = p.band?.length ? `${path(p.band.map(([x, , high]) => [x, high] as const))}${path(p.band.toReversed().map(([x, low]) => [x, low] as const)).replace('M', 'L')}Z` : null;
  return html`<figure><svg viewBox="0 0 ${W} ${H}" role="img" aria-label="${p.title}">
${p.yTicks.map((y) => html`<line class="grid" x1="${LEFT}" x2="${W - RIGHT}" y1="${py(y)}" y2="${py(y)}"/><text x="${LEFT - 6}" y="${py(y) + 4}" text-anchor="end">${p.yWords(y)}</text>`)}
${p.xTicks.map((x) => html`<text x="${px(x)}" y="${H - 18}" text-anchor="middle">${p.xWords(x)}</text>`)}
<text x="${(W + LEFT) / 2}" y="${H - 3}" text-anchor="middle">${p.xLabel}</text>
${band !== null && html`<path d="${band}" fill="var(--accent)" opacity="0.14"/>`}
${p.curves.map((c) => html`<path d="${path(c.points)}" fill="none" stroke="${c.color}" stroke-width="1.8"/>${c.dots ? c.points.map(([x, y]) => html`<circle cx="${px(x)}" cy="${py(y)}" r="3" fill="${c.color}"/>`) : ''}`)}
</svg><figcaption>${p.curves.map((c) => html`<span class="key"><i style="background:${c.color}"></i>${c.label}</span>`)}</figcaption></figure>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

export interface Drawn { width: number; height: number; boxes: readonly (readonly number[])[]; colors: ReadonlyMap<number, string>; thumb: string | null; alt: string }

/** A picture with its boxes. `thumb`: a data: URL, or null where the picture is not at hand; boxes [class, x, y, w, h] in image pixels. */
export function picture({ width, height, boxes, colors, thumb, alt }: Drawn): Html {
  const line = Math.max(width, height) / 180;
  const rect = ([index = 0, x = 0, y = 0, w = 0, h = 0]: readonly number[]): Html => {
    const place = html`x="${x}" y="${y}" width="${w}" height="${h}" fill="none"`;
    return html`<rect ${place} stroke="#000" stroke-opacity="0.5" stroke-width="${round(line * 2)}"/><rect ${place} stroke="${colors.get(index) ?? '#97a1b0'}" stroke-width="${round(line)}"/>`;
  };
  return html`<svg class="picture" viewBox="0 0 ${width} ${height}" role="img" aria-label="${alt}">${thumb !== null && html`<image href="${thumb}" width="${width}" height="${height}" preserveAspectRatio="none"/>`}${boxes.map(rect)}</svg>`;
}
