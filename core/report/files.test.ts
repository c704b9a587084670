import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Value } from 'typebox/value';
import { Report, ReportTable, type ReportRow } from '#core/api/report.ts';
import { toCsv } from './csv.ts';
import { html } from './escape.ts';
import { reportPage } from './page.ts';
import { compareQuality } from './quality.ts';
import { tableOf } from './tables.ts';
import { expectationOf } from './expectation.ts';
import { expectationWords, gainOf, intervalWords, outcomeWords } from './words.ts';

/** Reads CSV as RFC 4180 has it. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  for (let i = 0; i < text.length;) {
    const row: string[] = [];
    for (;;) {
      let cell = '';
      if (text[i] === '"') {
        for (i++; text[i] !== '"' || text[i + 1] === '"'; i++) { cell += text[i]; if (text[i] === '"') i++; }
        i++;
      } else for (; text[i] !== ',' && text[i] !== '\r'; i++) cell += text[i];
      row.push(cell);
      if (text[i++] !== ',') break;
    }
    rows.push(row);
    i++;
  }
  return rows;
}

describe('CSV', () => {
  it('reads back as it was, whatever is in it', () => {
    const cell = fc.string().filter((s) => !/^\s*[=+\-@]/.test(s) && !/^[\t\r\n]/.test(s));
    fc.assert(fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), (rows) => {
      expect(parseCsv(toCsv({ head: ['a', 'b'], rows }))).toEqual([['a', 'b'], ...rows]);
    }));
  });
  it('never lets a name be a formula, and leaves numbers alone', () => {
    expect(toCsv({ head: ['name', 'n'], rows: [['=1+1', -1.5], ['@x', null], [' +2', 3], ['-a,"b"', 0]] })).toBe('name,n\r\n\'=1+1,-1.5\r\n\'@x,\r\n\' +2,3\r\n"\'-a,""b""",0\r\n');
    fc.assert(fc.property(fc.string(), (name) => { expect(toCsv({ head: [], rows: [[name]] }).replace(/^\r\n"?/, '')).not.toMatch(/^\s*[=+\-@]/); }));
  });
});

it('HTML escapes every value and keeps its own', () => {
  expect(html`<b title="${'"><script>'}">${'<img onerror=x>'}${html`<i>${'&'}</i>`}${[html`a`, html`${1}`]}${null}${false}</b>`.text).toBe('<b title="&quot;&gt;&lt;script&gt;">&lt;img onerror=x&gt;<i>&amp;</i>a1</b>');
  fc.assert(fc.property(fc.string(), (text) => { expect(html`${text}`.text).not.toMatch(/[<>"'`]/); }));
});

const EVIL = '</title><script>alert(1)</script><img src=x onerror="alert(1)">';
const metrics = (map: number) => ({ map, map50: map + 0.2, boxMap: map, boxMap50: map, precision: 0.7, recall: 0.6, images: 12, perClass: [{ classIndex: 0, name: 'a', map, map50: map + 0.2, instances: 9 }] });
const evaluation = (score: number) => ({ format: 'emend-evaluation-1' as const, task: 'detect' as const, classes: [EVIL, 'b'], images: [{ image: 'p1', truths: [{ class: 0, box: [0, 0, 10, 10] as const }], found: [{ class: 0, box: [0, 0, 10, 10] as const, score, hits: 1023, boxHits: 1023 }] }] });
const report: Report = {
  format: 'emend-report-2', project: { id: 'p', name: EVIL, task: 'detect' }, iteration: 2, startedAt: '2026-11-20T08:00:00.000Z', endedAt: '2026-11-21T08:00:00.000Z', writtenAt: '2026-11-21T08:00:00.000Z',
  classes: [{ index: 0, name: EVIL, color: '#ff0000;background:url(http://x)' }, { index: 1, name: '=SUM(A1)', color: '#00ff00' }],
  models: { old: { number: 1, name: EVIL, metrics: metrics(0.4) }, new: { number: 2, name: 'run 1', metrics: metrics(0.43) } },
  training: { run: 1, version: 3, labelled: 80, fresh: 20, decision: 'promoted', reason: EVIL, interval: null },
  correction: { images: 20, ok: 8, predictionsShown: 100, predictionsKept: 90, corrections: 14, errors: [{ classIndex: 0, missed: 4, false: 3, wrongClass: 2, badlyPlaced: 4, duplicate: 1, total: 104 }], secondsPerImage: 8.2, secondsPerCorrection: 6, secondsToAccept: 3 },
  people: [{ id: 'u', name: EVIL, images: 20, corrected: 12, corrections: 14, secondsPerImage: 8.2, secondsPerCorrection: 6 }], others: { people: 2, unnamed: 1 },
  agreement: null, quality: compareQuality(evaluation(0.2), evaluation(0.9), 3, new Map([['p1', { name: EVIL, width: 64, height: 48 }]])),
  expectation: expectationOf({ points: [], images: 20, corrections: 14, secondsPerCorrection: 6, ceiling: null }),
};
const history: ReportRow[] = [{ iteration: 2, startedAt: '', endedAt: null, oldModel: { number: 1, name: EVIL }, newModel: null, mapBefore: 0.4, mapAfter: 0.43, map50After: 0.6, labelled: 80, images: 20, corrections: 14, keptShare: 0.9, secondsPerImage: 8.2, secondsPerCorrection: 6, agreement: null }];

describe('a report as a file', () => {
  it('is of the documented form', () => {
    expect(Value.Check(Report, report)).toBe(true);
    expect(Value.Check(Report, JSON.parse(JSON.stringify(report)))).toBe(true);
  });
  it('opens offline and runs nothing, whatever things are called', () => {
    const page = reportPage(report, history, new Map([['p1', 'data:image/webp;base64,AAAA']]));
    expect(page).not.toMatch(/<script|onerror="|javascript:|<link|@import|http:\/\/|https:\/\//i);
    expect(page).toContain('&lt;script&gt;');
    expect(page).toContain("default-src 'none'");
    expect(page).toContain('href="data:image/webp;base64,AAAA"');
    expect(page.match(/<title>/g)).toHaveLength(1);
    // What it is about can be read.
    for (const text of ['40.0 → 43.0', '+3.0', '90\u202f%', 'Run 1 trained model 2 on version 3', 'Most improved pictures', 'Too early to say', '2 more people are counted']) expect(page).toContain(text);
  });
  it('says so where nothing is known', () => {
    const empty: Report = { ...report, endedAt: null, models: { old: null, new: null }, training: null, quality: null, people: [], others: { people: 0, unnamed: 0 }, correction: { ...report.correction, images: 0, ok: 0, predictionsShown: 0, predictionsKept: 0, corrections: 0, errors: [], secondsPerImage: null, secondsPerCorrection: null, secondsToAccept: null } };
    const page = reportPage(empty, [], new Map());
    for (const text of ['No model was trained in this iteration yet', 'Neither model has been measured', 'Nothing to count', 'Nobody has submitted']) expect(page).toContain(text);
    expect(gainOf(empty)).toBeNull();
  });
  it('has every table, each row as wide as its head', () => {
    for (const name of ReportTable.enum) {
      const { head, rows } = tableOf(report, history, name);
      for (const row of rows) expect(row, name).toHaveLength(head.length);
      expect(parseCsv(toCsv({ head, rows }))).toHaveLength(rows.length + 1);
    }
    expect(tableOf(report, history, 'errors').rows).toHaveLength(3);
    expect(toCsv(tableOf(report, history, 'classes'))).toContain("'=SUM(A1)");
  });
});

describe('words', () => {
  const point = (images: number, map: number) => ({ images, map, model: 'm' });
  it('say what a hundred corrections bring and cost', () => {
    const told = expectationWords(expectationOf({ points: [point(40, 0.3), point(80, 0.4), point(120, 0.46)], images: 20, corrections: 40, secondsPerCorrection: 6, ceiling: 0.8 }), 0.46);
    expect(told[0]).toMatch(/^The next 100 corrections \(about 50 pictures, 10 min\) can be expected to bring \+\d/);
    expect(told.at(-1)).toContain('reach 80.0 against each other, the ceiling');
  });
  it('say how sure the difference is, where anything does', () => {
    expect(intervalWords(report)).toBeNull();
    expect(intervalWords({ training: report.training && { ...report.training, interval: { low: -0.004, high: 0.061 } } })).toBe('between −0.4 and +6.1 (95 %)');
  });
  it('name what is missing', () => {
    expect(expectationWords(report.expectation, null)[0]).toContain('there are none so far');
    expect(outcomeWords({ ...report, models: { ...report.models, new: null }, endedAt: null })).toContain('No model was trained in this iteration yet');
  });
});
