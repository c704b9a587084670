import uPlot from 'uplot';
import { tokenColor } from './tokenColor.ts';

export interface Line {
  label: string;
  /** One value per x; null = a gap. */
  values: readonly (number | null)[];
  token: `--${string}`;
  points?: boolean;
}
/** A dashed horizontal line with its name at the right edge. */
export interface Rule {
  value: number;
  label: string;
  token: `--${string}`;
}
export interface ChartSpec {
  x: readonly number[];
  lines: readonly Line[];
  rules: readonly Rule[];
  xRange: readonly [number, number];
  yRange: readonly [number, number] | null;
  xWords: (x: number) => string;
  yWords: (y: number) => string;
  /** Names at the end of the lines, instead of a legend. */
  endLabels: boolean;
  onHover: (index: number | null) => void;
}
const FONT = '11px "Inter Variable", sans-serif';

export function chartData(spec: Pick<ChartSpec, 'x' | 'lines'>): uPlot.AlignedData {
  return [[...spec.x], ...spec.lines.map((line) => [...line.values])];
}

/** uPlot's options in the tokens' colours: thin horizontal lines, no frame, no legend of its own. */
export function chartOptions(spec: ChartSpec, width: number, height: number): uPlot.Options {
  const dim = tokenColor('--dim');
  const line = tokenColor('--line');
  const axis: uPlot.Axis = { stroke: dim, font: FONT, ticks: { show: false }, border: { show: false } };
  return {
    width, height,
    padding: [8, spec.endLabels ? 68 : 16, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
    scales: {
      x: { time: false, range: [spec.xRange[0], spec.xRange[1]] },
      y: spec.yRange ? { range: [spec.yRange[0], spec.yRange[1]] } : { range: (_, low, high) => padded(low, high) },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 26, values: (_, ticks) => ticks.map((t) => (Number.isInteger(t) ? spec.xWords(t) : '')) },
      { ...axis, grid: { stroke: line, width: 1 }, size: 38, space: height < 160 ? 24 : 44, values: (_, ticks) => ticks.map((t) => spec.yWords(t)) },
    ],
    series: [{}, ...spec.lines.map((l) => seriesOf(l))],
    hooks: {
      draw: [(plot) => { drawRules(plot, spec.rules); if (spec.endLabels) drawEndLabels(plot, spec.lines); }],
      setCursor: [(plot) => { spec.onHover(plot.cursor.idx ?? null); }],
    },
  };
}

function seriesOf(line: Line): uPlot.Series {
  const color = tokenColor(line.token);
  return { label: line.label, stroke: color, width: 1.6, spanGaps: true, points: { show: line.points === true || line.values.length < 2, size: 6, width: 1.6, fill: tokenColor('--chrome'), stroke: color } };
}

function padded(low: number, high: number): [number, number] {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  const room = (high - low || Math.abs(high) || 1) * 0.12;
  return [Math.max(0, low - room), high + room];
}

function drawRules(plot: uPlot, rules: readonly Rule[]): void {
  const { ctx, bbox } = plot;
  const ratio = uPlot.pxRatio;
  for (const rule of rules) {
    const y = Math.round(plot.valToPos(rule.value, 'y', true)) + 0.5;
    ctx.save();
    ctx.strokeStyle = tokenColor(rule.token);
    ctx.fillStyle = ctx.strokeStyle;
    ctx.setLineDash([4 * ratio, 3 * ratio]);
    ctx.lineWidth = ratio;
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.font = scaled(ratio);
    ctx.textAlign = 'right';
    ctx.textBaseline = 'bottom';
    ctx.fillText(rule.label, bbox.left + bbox.width - 4 * ratio, y - 4 * ratio);
    ctx.restore();
  }
}

function drawEndLabels(plot: uPlot, lines: readonly Line[]): void {
  const { ctx } = plot;
  const ratio = uPlot.pxRatio;
  for (const [i, line] of lines.entries()) {
    const at = line.values.findLastIndex((v) => v !== null);
    const value = line.values[at];
    const epoch = plot.data[0][at];
    if (value === null || value === undefined || epoch === undefined) continue;
    const x = plot.valToPos(epoch, 'x', true) + 6 * ratio;
    // Near the bottom a name below its line would lie on the axis' figures.
    const y = Math.min(plot.valToPos(value, 'y', true) + (i === 0 ? -8 : 9) * ratio, plot.bbox.top + plot.bbox.height - (i === 0 ? 20 : 7) * ratio);
    ctx.save();
    ctx.font = scaled(ratio);
    ctx.textAlign = 'left';
    ctx.textBaseline = 'middle';
    // A ground of the panel's colour, so that a dashed line behind does not strike the name through.
    ctx.strokeStyle = tokenColor('--chrome');
    ctx.lineWidth = 4 * ratio;
    ctx.strokeText(line.label, x, y);
    ctx.fillStyle = tokenColor(line.token);
    ctx.fillText(line.label, x, y);
    ctx.restore();
  }
}

function scaled(ratio: number): string {
  return FONT.replace('11px', `${11 * ratio}px`);
}
