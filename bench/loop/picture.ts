/** The curves as one SVG: a column per set, mAP50 over corrected images above, over clicks below. Light and dark by the reader's system. Pure. */
import { at, curves, mean, reach, type Over, type Point } from './curves.ts';
import { SETS, STRATEGIES, type SetName, type StrategyName } from './plan.ts';
import type { Result } from './results.ts';

const [PANEL, HIGH, GAP, LEFT, TOP] = [270, 170, 34, 52, 118];
const WIDTH = LEFT + SETS.length * (PANEL + GAP);
const BETWEEN = 64;
const HEIGHT = TOP + 2 * HIGH + BETWEEN + 56;
/** Points of a band or mean over clicks, where each seed has its own. */
const STEPS = 24;
const NAMES: Readonly<Record<StrategyName, string>> = { uncertain: 'default', random: 'random', sequential: 'sequential' };

const STYLE = `
svg { color-scheme: light dark; font: 12px Inter, system-ui, sans-serif; font-variant-numeric: tabular-nums; --bg: #ffffff; --text: #161a20; --dim: #566171; --line: #e3e6eb; --uncertain: #2f63e6; --random: #b4552d; --sequential: #2f8a63; }
@media (prefers-color-scheme: dark) { svg { --bg: #14171b; --text: #e4e8ee; --dim: #97a1b0; --line: #242a32; --uncertain: #7aa2ff; --random: #f0a06a; --sequential: #5fcf9f; } }
text { fill: var(--dim); } .strong { fill: var(--text); font-weight: 600; } .grid { stroke: var(--line); } .curve { fill: none; stroke-width: 2; } .band { opacity: 0.14; stroke: none; } .all { stroke: var(--dim); stroke-dasharray: 5 4; }`;

export function draw(results: readonly Result[]): string {
  const top = Math.max(0.1, ...results.map((r) => Math.max(r.standing50, r.map50)));
  const highest = Math.ceil(top * 10) / 10;
  const panels = SETS.flatMap((set, column) => (['images', 'clicks'] as const).map((over, row) =>
    `<g transform="translate(${LEFT + column * (PANEL + GAP)} ${TOP + row * (HIGH + BETWEEN)})">${panel(results.filter((r) => r.set === set), set, over, highest, row === 0)}</g>`));
  const legend = STRATEGIES.map((name, i) => `<g transform="translate(${LEFT + i * 110} 24)"><path class="curve" d="M0 0H22" stroke="var(--${name})"/><text x="28" y="4">${NAMES[name]}</text></g>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="mAP50 over corrected images and over clicks, by the order of the images">
<style>${STYLE}</style><rect width="100%" height="100%" rx="8" fill="var(--bg)"/>
${legend.join('')}<text x="${LEFT}" y="52">mAP50 on the frozen validation split: mean of the seeds, band from lowest to highest.</text><text x="${LEFT}" y="70">Diamond: from scratch on the default's labels. Dashed: all images of the set.</text>
${panels.join('\n')}
</svg>\n`;
}

interface Axes { px: (x: number) => number; py: (y: number) => number }

function panel(results: readonly Result[], set: SetName, over: Over, highest: number, first: boolean): string {
  const found = STRATEGIES.map((strategy) => ({ strategy, of: [...curves(results, set, strategy, over).values()] })).filter(({ of }) => of.length > 0);
  if (found.length === 0) return `${first ? `<text class="strong" y="-14">${set}</text>` : ''}<text x="${PANEL / 2}" y="${HIGH / 2}" text-anchor="middle">not played yet</text>`;
  const last = Math.max(...found.map(({ of }) => Math.min(...of.map(reach))));
  const axes: Axes = { px: (x) => round((x / last) * PANEL), py: (y) => round(HIGH - (y / highest) * HIGH) };
  const yTicks = Array.from({ length: Math.round(highest / 0.2) + 1 }, (_, i) => i * 0.2).filter((y) => y <= highest + 1e-9);
  const xTicks = over === 'images' ? [...new Set(results.map((r) => r.corrected))].filter((x) => x <= last).toSorted((a, b) => a - b) : [0, last / 2, last];
  return [
    ...yTicks.map((y) => `<path class="grid" d="M0 ${axes.py(y)}H${PANEL}"/><text x="-8" y="${axes.py(y) + 4}" text-anchor="end">${y.toFixed(1)}</text>`),
    ...xTicks.map((x) => `<text x="${axes.px(x)}" y="${HIGH + 17}" text-anchor="middle">${Math.round(x)}</text>`),
    `<text x="${PANEL / 2}" y="${HIGH + 34}" text-anchor="middle">${over === 'images' ? 'corrected images' : 'clicks'}</text>`,
    first ? `<text class="strong" y="-14">${set}</text><text x="${PANEL}" y="-14" text-anchor="end">${seedWords(found)}</text>` : '',
    ...found.map(({ strategy, of }) => lines(strategy, of, over, axes)), beside(results, over, axes),
  ].join('');
}

/** "3 · 3 · 1 seeds": how many each curve has, in the order of the legend. */
function seedWords(found: readonly { strategy: StrategyName; of: Point[][] }[]): string {
  const counts = new Set(found.map(({ of }) => of.length));
  if (counts.size === 1) return `${[...counts][0] ?? 0} ${counts.has(1) ? 'seed' : 'seeds'}`;
  return `${STRATEGIES.map((strategy) => found.find((f) => f.strategy === strategy)?.of.length ?? 0).join(' · ')} seeds`;
}

function lines(strategy: StrategyName, of: readonly Point[][], over: Over, { px, py }: Axes): string {
  const end = Math.min(...of.map(reach));
  const own = of[0]?.map(([x]) => x).filter((x) => x <= end) ?? [];
  const xs = over === 'images' ? own : Array.from({ length: STEPS + 1 }, (_, i) => (end * i) / STEPS);
  const values = xs.map((x) => ({ x, ys: of.map((points) => at(points, x)) }));
  const path = (points: readonly Point[]): string => points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${px(x)} ${py(y)}`).join('');
  const middle = values.map(({ x, ys }): Point => [x, mean(ys)]);
  const high = values.map(({ x, ys }): Point => [x, Math.max(...ys)]);
  const low = values.map(({ x, ys }): Point => [x, Math.min(...ys)]).toReversed();
  const dots = over === 'images' ? middle.map(([x, y]) => `<circle cx="${px(x)}" cy="${py(y)}" r="3" fill="var(--${strategy})"/>`).join('') : '';
  const band = of.length > 1 ? `<path class="band" d="${path(high)}${path(low).replace('M', 'L')}Z" fill="var(--${strategy})"/>` : '';
  return `${band}<path class="curve" d="${path(middle)}" stroke="var(--${strategy})"/>${dots}`;
}

/** What the same labels give from scratch, and what all labels give. */
function beside(results: readonly Result[], over: Over, { px, py }: Axes): string {
  const all = results.filter((r) => r.mode === 'everything').map((r) => r.map50);
  const line = all.length === 0 ? '' : `<path class="all" d="M0 ${py(mean(all))}H${PANEL}"/>`;
  const rounds = over === 'images' ? [...new Set(results.filter((r) => r.mode === 'scratch').map((r) => r.corrected))] : [];
  return line + rounds.map((corrected) => {
    const of = results.filter((r) => r.mode === 'scratch' && r.corrected === corrected);
    const [x, y] = [px(corrected), py(mean(of.map((r) => r.map50)))];
    return `<path d="M${x} ${y - 6}L${x + 6} ${y}L${x} ${y + 6}L${x - 6} ${y}Z" fill="var(--bg)" stroke="var(--${of[0]?.strategy ?? 'random'})" stroke-width="1.6"/>`;
  }).join('');
}

const round = (value: number): number => Math.round(value * 10) / 10;
