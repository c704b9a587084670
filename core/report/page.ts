/** A report as one HTML file: styles, charts and thumbnails inside, no scripts, nothing fetched. Pure. */
import type { Report, ReportRow } from '#core/api/report.ts';
import { html } from './escape.ts';
import * as section from './sections.ts';
import { STYLE } from './style.ts';
import { outcomeWords } from './words.ts';

/** What the file may do when it is opened: show its own styles and pictures, and nothing else. */
export const REPORT_CSP = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

const DAY = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;

export function reportPage(report: Report, history: readonly ReportRow[], thumbs: section.Thumbs): string {
  const when = report.endedAt === null ? `since ${DAY(report.startedAt)}, not ended: numbers of ${DAY(report.writtenAt)}` : `${DAY(report.startedAt)} to ${DAY(report.endedAt)}`;
  const body = html`<main><header><h1>${report.project.name}: iteration ${report.iteration}</h1><p class="dim">${when}</p><p>${outcomeWords(report)}</p></header>
${section.headline(report)}<div class="two">${section.expectation(report)}${section.curves(report)}</div>${section.classes(report)}
<div class="two">${section.confusion(report, 'old')}${section.confusion(report, 'new')}</div>
${section.kinds(report)}${section.people(report)}${section.pictures(report, thumbs)}${section.iterations(history)}
<p class="dim">Written by Emend, format ${report.format}.</p></main>`;
  // The style is this file's own text and holds nothing that anybody else wrote.
  return `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${REPORT_CSP}"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">${html`<title>${report.project.name}: iteration ${report.iteration}</title>`.text}<style>${STYLE}</style></head><body>${body.text}</body></html>\n`;
}
