/** A report as tables, one per question: what the CSV files hold. Fractions 0…1, seconds, pixels. Pure. */
import type { Quality, Report, ReportRow, ReportTable } from '#core/api/report.ts';
import { BACKGROUND } from './confusion.ts';
import type { Cell, Table } from './csv.ts';
import { KINDS } from './kinds.ts';

export function tableOf(report: Report, history: readonly ReportRow[], table: ReportTable): Table {
  switch (table) {
    case 'summary': return { head: ['what', 'value'], rows: summary(report) };
    case 'iterations': return iterations(history);
    case 'classes': return classes(report);
    case 'errors': return errors(report);
    case 'confusion': return { head: ['model', 'found', 'labelled', 'count'], rows: both(report, (q, model) => q.confusion.map(([f, l, n]) => [model, nameOf(report, f), nameOf(report, l), n])) };
    case 'curves': return { head: ['model', 'class', 'recall', 'precision'], rows: both(report, (q, model) => q.curves.flatMap((c) => c.precision.map((p, i): Cell[] => [model, c.classIndex === null ? 'all' : nameOf(report, c.classIndex), i / 100, p]))) };
    case 'people': return { head: ['person', 'images', 'corrected', 'corrections', 'seconds per image', 'seconds per correction'], rows: report.people.map((p) => [p.name, p.images, p.corrected, p.corrections, p.secondsPerImage, p.secondsPerCorrection]) };
    case 'agreement': return agreement(report);
    case 'pictures': return pictures(report);
    case 'expectation': return { head: ['labelled images', 'mAP50-95', 'model'], rows: report.expectation.points.map((p) => [p.images, p.map, p.model]) };
  }
}

/** A class as it was called when the report was written. */
export function nameOf({ classes: list }: Pick<Report, 'classes'>, index: number): string {
  return index === BACKGROUND ? 'background' : (list.find((c) => c.index === index)?.name ?? `class ${index}`);
}

function summary({ iteration, startedAt, endedAt, models, training, correction: c, agreement: a, expectation: e }: Report): Cell[][] {
  return [
    ['iteration', iteration], ['started', startedAt], ['ended', endedAt], ['old model', models.old?.name ?? null], ['new model', models.new?.name ?? null],
    ['mAP50-95 before', models.old?.metrics?.map ?? null], ['mAP50-95 after', models.new?.metrics?.map ?? null], ['mAP50 before', models.old?.metrics?.map50 ?? null], ['mAP50 after', models.new?.metrics?.map50 ?? null],
    ['training run', training?.run ?? null], ['dataset version', training?.version ?? null], ['labelled training images', training?.labelled ?? null], ['decision', training?.decision ?? null],
    ['images corrected or accepted', c.images], ['accepted as they were', c.ok], ['predictions shown', c.predictionsShown], ['predictions kept', c.predictionsKept], ['corrections', c.corrections],
    ['seconds per image', c.secondsPerImage], ['seconds per correction', c.secondsPerCorrection], ['seconds to accept', c.secondsToAccept],
    ['agreement: objects both found', a?.total.found ?? null], ['agreement: IoU', a?.total.iou ?? null], ['agreement: mAP50-95 of people', a?.ceiling ?? null],
    ['expected gain of the next 100 corrections, low', e.gain?.low ?? null], ['expected gain, median', e.gain?.mid ?? null], ['expected gain, high', e.gain?.high ?? null],
  ];
}

function iterations(history: readonly ReportRow[]): Table {
  return {
    head: ['iteration', 'started', 'ended', 'old model', 'new model', 'mAP50-95 before', 'mAP50-95 after', 'mAP50 after', 'labelled training images', 'images', 'corrections', 'share of predictions kept', 'seconds per image', 'seconds per correction', 'agreement'],
    rows: history.map((r) => [r.iteration, r.startedAt, r.endedAt, r.oldModel?.name ?? null, r.newModel?.name ?? null, r.mapBefore, r.mapAfter, r.map50After, r.labelled, r.images, r.corrections, r.keptShare, r.secondsPerImage, r.secondsPerCorrection, r.agreement]),
  };
}

function classes(report: Report): Table {
  const of = (model: Report['models']['old'], index: number) => model?.metrics?.perClass.find((c) => c.classIndex === index);
  return {
    head: ['class', 'instances', 'mAP50-95 before', 'mAP50-95 after', 'mAP50 before', 'mAP50 after'],
    rows: report.classes.map(({ index, name }) => {
      const [before, after] = [of(report.models.old, index), of(report.models.new, index)];
      return [name, after?.instances ?? before?.instances ?? 0, before?.map ?? null, after?.map ?? null, before?.map50 ?? null, after?.map50 ?? null];
    }),
  };
}

function errors(report: Report): Table {
  const row = (where: string, e: Report['correction']['errors'][number]): Cell[] => [where, nameOf(report, e.classIndex), ...KINDS.map((k) => e[k]), e.total];
  return {
    head: ['where', 'class', 'missed', 'false', 'wrong class', 'badly placed', 'duplicate', 'of'],
    rows: [...report.correction.errors.map((e) => row('corrected by people', e)), ...both(report, (q, model) => q.kinds.map((e) => row(`validation, ${model} model`, e)))],
  };
}

function both({ quality }: Report, rows: (quality: Quality, model: 'old' | 'new') => Cell[][]): Cell[][] {
  return [...(quality?.old ? rows(quality.old, 'old') : []), ...(quality?.new ? rows(quality.new, 'new') : [])];
}

function agreement(report: Report): Table {
  const figures = (r: { images: number; found: number | null; iou: number | null; classes: number | null; kappa: number | null }): Cell[] => [r.images, r.found, r.iou, r.classes, r.kappa];
  const a = report.agreement;
  return {
    head: ['who', 'images', 'objects both found', 'IoU', 'same class', 'kappa'],
    rows: a ? [['all', ...figures(a.total)], ...a.pairs.map((p): Cell[] => [`${p.first} and ${p.second}`, ...figures(p)])] : [],
  };
}

function pictures({ quality }: Report): Table {
  const lists = quality ? (['worst', 'improved', 'fallen'] as const).flatMap((list) => quality.pictures[list].map((p): Cell[] => [list, p.name, p.imageId, p.before, p.after, p.labels.length])) : [];
  return { head: ['list', 'image', 'id', 'F1 before', 'F1 after', 'labels'], rows: lists };
}
