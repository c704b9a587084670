/** The parts of a report file. Pure. */
import type { Quality, Report, ReportPicture, ReportRow } from '#core/api/report.ts';
import { percent, score, seconds, signed } from '#core/words.ts';
import { BACKGROUND, confusionTable } from './confusion.ts';
import { html, type Html } from './escape.ts';
import { KINDS } from './kinds.ts';
import { picture, plot } from './svg.ts';
import { nameOf } from './tables.ts';
import { expectationWords, gainOf, intervalWords, KIND_NAMES, modelWords, VERDICTS } from './words.ts';

const TENTHS = [0, 0.2, 0.4, 0.6, 0.8, 1];
const hundredths = (x: number): string => (x * 100).toFixed(0);

export function headline(report: Report): Html {
  const { correction: c, models } = report;
  const gain = gainOf(report);
  const [before, after] = [models.old?.metrics?.map ?? null, models.new?.metrics?.map ?? null];
  const figure = (value: string, label: string, tone = ''): Html => html`<div><dt>${label}</dt><dd class="${tone}">${value}</dd></div>`;
  return html`<section><dl>
${figure(after === null ? score(before) : `${score(before)} → ${score(after)}`, 'mAP50-95')}
${gain !== null && figure(signed(gain), intervalWords(report) ?? 'difference', gain > 0 ? 'ok' : gain < 0 ? 'bad' : '')}
${figure(percent(c.predictionsKept, c.predictionsShown), 'of predictions kept')}
${figure(String(c.images), 'pictures')}${figure(String(c.corrections), 'corrections')}
${figure(seconds(c.secondsPerImage), 'per picture')}${figure(seconds(c.secondsPerCorrection), 'per correction')}</dl></section>`;
}

export function expectation(report: Report): Html {
  const { expectation: e, models } = report;
  const map = models.new?.metrics?.map ?? models.old?.metrics?.map ?? null;
  const { title, tone } = VERDICTS[e.verdict];
  const all = [...e.points.map((p) => p.images), ...e.band.map(([x = 0]) => x)];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const chart = e.points.length > 1 && plot({
    title: 'mAP50-95 over labelled pictures', x: [low, high], y: [0, 1], xTicks: e.points.map((p) => p.images), yTicks: TENTHS, xWords: String, yWords: hundredths, xLabel: 'labelled pictures',
    band: e.band.map(([x = 0, least = 0, , most = 0]) => [x, least, most] as const), curves: [{ label: 'mAP50-95', color: 'var(--accent)', dots: true, points: e.points.map((p) => [p.images, p.map] as const) }],
  });
  return html`<section><h2>What the next corrections can bring: <span class="${tone === 'ok' ? 'ok' : ''}">${title}</span></h2>${expectationWords(e, map).map((w) => html`<p>${w}</p>`)}${chart}</section>`;
}

export function classes(report: Report): Html {
  const of = (model: Report['models']['old'], index: number) => model?.metrics?.perClass.find((c) => c.classIndex === index);
  const rows = report.classes.map(({ index }) => ({ index, before: of(report.models.old, index), after: of(report.models.new, index) })).filter((r) => r.before ?? r.after);
  if (rows.length === 0) return html`<section><h2>By class</h2><p class="dim">Neither model has been measured.</p></section>`;
  return html`<section><h2>By class</h2><table><thead><tr><th>Class</th><th class="n">Labels</th><th class="n">mAP50-95 before</th><th class="n">after</th><th class="n">difference</th><th class="n">mAP50 before</th><th class="n">after</th></tr></thead><tbody>
${rows.map(({ index, before, after }) => html`<tr><td>${nameOf(report, index)}</td><td class="n">${after?.instances ?? before?.instances}</td><td class="n">${score(before?.map)}</td><td class="n">${score(after?.map)}</td><td class="n">${before?.map != null && after?.map != null ? signed(after.map - before.map) : '–'}</td><td class="n">${score(before?.map50)}</td><td class="n">${score(after?.map50)}</td></tr>`)}</tbody></table></section>`;
}

export function curves({ quality }: Report): Html {
  const overall = (q: Quality | null | undefined) => q?.curves.find((c) => c.classIndex === null);
  const lines = [{ of: overall(quality?.old), label: 'old model', color: 'var(--before)' }, { of: overall(quality?.new), label: 'new model', color: 'var(--accent)' }].flatMap(({ of, label, color }) => (of ? [{ label: `${label}, mAP50 ${score(of.ap)}`, color, points: of.precision.map((p, i) => [i / 100, p] as const) }] : []));
  if (lines.length === 0) return html``;
  return html`<section><h2>Precision and recall at IoU 0.5, mean over classes</h2>${plot({ title: 'Precision over recall', curves: lines, x: [0, 1], y: [0, 1], xTicks: TENTHS, yTicks: TENTHS, xWords: hundredths, yWords: hundredths, xLabel: 'recall' })}</section>`;
}

/** At most so many classes fit beside each other; the JSON has all. */
const MATRIX_CLASSES = 20;

export function confusion(report: Report, which: 'old' | 'new'): Html {
  const q = report.quality?.[which];
  const model = report.models[which];
  if (!q) return html``;
  const table = confusionTable(q.confusion, q.perClass.map((c) => c.classIndex));
  const title = html`<h2>What is taken for what: ${modelWords(model)}</h2>`;
  if (table.classes.length > MATRIX_CLASSES) return html`<section>${title}<p class="dim">${table.classes.length - 1} classes do not fit here; the JSON and CSV files have them all.</p></section>`;
  const shade = (share: number, right: boolean): string => `background:color-mix(in srgb, var(${right ? '--accent' : '--bad'}) ${Math.round(share * 55)}%, transparent)`;
  return html`<section>${title}<table class="matrix"><thead><tr><th></th>${table.classes.map((c) => html`<th>${c === BACKGROUND ? 'nothing' : nameOf(report, c)}</th>`)}</tr></thead><tbody>
${table.classes.map((c, i) => html`<tr><th class="row">${c === BACKGROUND ? 'missed' : nameOf(report, c)}</th>${table.classes.map((_, j) => html`<td style="${shade(table.shares[i]?.[j] ?? 0, i === j)}">${table.counts[i]?.[j] || ''}</td>`)}</tr>`)}</tbody></table><p class="dim cap">Columns: labelled. Rows: found. Score above 0.25, IoU above 0.45.</p></section>`;
}

export function kinds(report: Report): Html {
  const table = (title: string, rows: readonly Report['correction']['errors'][number][]): Html => html`<h3>${title}</h3>${rows.length === 0 ? html`<p class="dim">Nothing to count.</p>` : html`<table><thead><tr><th>Class</th>${KINDS.map((k) => html`<th class="n">${KIND_NAMES[k]}</th>`)}<th class="n">of</th></tr></thead><tbody>${rows.map((r) => html`<tr><td>${nameOf(report, r.classIndex)}</td>${KINDS.map((k) => html`<td class="n">${r[k]}</td>`)}<td class="n">${r.total}</td></tr>`)}</tbody></table>`}`;
  const { quality, models } = report;
  return html`<section><h2>Errors by kind</h2>${table('What people corrected', report.correction.errors)}${quality?.old && table(`Validation pictures, before (${modelWords(models.old)})`, quality.old.kinds)}${quality?.new && table(`Validation pictures, after (${modelWords(models.new)})`, quality.new.kinds)}</section>`;
}

export function people({ people: list, others, agreement }: Report): Html {
  const hidden = others.people > 0 && html`<p class="dim">${others.people} more ${others.people === 1 ? 'person is' : 'people are'} counted and not shown${others.unnamed > 0 && html`; ${others.unnamed} of them by their own choice`}.</p>`;
  const pairs = agreement && html`<h3>Agreement</h3><p>${agreement.total.images} pictures were corrected by two people who did not see each other: both found ${percent(agreement.total.found ?? 0, 1)} of the objects, overlapping by ${agreement.total.iou === null ? '–' : agreement.total.iou.toFixed(2)}, with the same class in ${percent(agreement.total.classes ?? 0, 1)}.</p>`;
  return html`<section><h2>People</h2>${list.length > 0 && html`<table><thead><tr><th>Who</th><th class="n">pictures</th><th class="n">corrected</th><th class="n">corrections</th><th class="n">per picture</th><th class="n">per correction</th></tr></thead><tbody>${list.map((p) => html`<tr><td>${p.name}</td><td class="n">${p.images}</td><td class="n">${p.corrected}</td><td class="n">${p.corrections}</td><td class="n">${seconds(p.secondsPerImage)}</td><td class="n">${seconds(p.secondsPerCorrection)}</td></tr>`)}</tbody></table>`}${list.length === 0 && others.people === 0 && html`<p class="dim">Nobody has submitted anything in this iteration, or it is not known who.</p>`}${hidden}${pairs}</section>`;
}

/** Thumbnails by image id, as data: URLs. */
export type Thumbs = ReadonlyMap<string, string>;

export function pictures(report: Report, thumbs: Thumbs): Html {
  const lists = report.quality?.pictures;
  if (!lists) return html``;
  const colors = new Map(report.classes.map((c) => [c.index, /^#[0-9a-f]{6}$/i.test(c.color) ? c.color : '#97a1b0']));
  const side = (p: ReportPicture, boxes: readonly (readonly number[])[], alt: string): Html => picture({ width: p.width, height: p.height, boxes, colors, thumb: thumbs.get(p.imageId) ?? null, alt });
  const card = (p: ReportPicture, list: keyof typeof lists): Html => {
    const [left, right] = list === 'worst' ? [side(p, p.labels, 'labelled'), side(p, p.after === null ? p.found.before : p.found.after, 'found')] : [side(p, p.found.before, 'before'), side(p, p.found.after, 'after')];
    return html`<div><div class="pair">${left}${right}</div><p class="cap"><span>${p.name.slice(p.name.lastIndexOf('/') + 1)}</span><span class="dim">${list === 'worst' ? `labelled, found: F1 ${score(p.after ?? p.before)}` : `before, after: F1 ${score(p.before)} → ${score(p.after)}`}</span></p></div>`;
  };
  const block = (title: string, list: keyof typeof lists): Html => (lists[list].length === 0 ? html`` : html`<section><h2>${title}</h2><div class="pictures">${lists[list].map((p) => card(p, list))}</div></section>`);
  return html`${block('Most improved pictures', 'improved')}${block('Pictures that got worse', 'fallen')}${block('Worst pictures', 'worst')}`;
}

export function iterations(history: readonly ReportRow[]): Html {
  return html`<section><h2>Iterations side by side</h2><table><thead><tr><th>Iteration</th><th>Model</th><th class="n">mAP50-95</th><th class="n">after</th><th class="n">labelled</th><th class="n">pictures</th><th class="n">corrections</th><th class="n">kept</th><th class="n">per picture</th><th class="n">per correction</th></tr></thead><tbody>
${history.map((r) => html`<tr><td>${r.iteration}</td><td>${modelWords(r.oldModel)}</td><td class="n">${score(r.mapBefore)}</td><td class="n">${score(r.mapAfter)}</td><td class="n">${r.labelled ?? '–'}</td><td class="n">${r.images}</td><td class="n">${r.corrections}</td><td class="n">${r.keptShare === null ? '–' : percent(r.keptShare, 1)}</td><td class="n">${seconds(r.secondsPerImage)}</td><td class="n">${seconds(r.secondsPerCorrection)}</td></tr>`)}</tbody></table></section>`;
}
