import type { ErrorKinds } from '#core/api/project.ts';
import type { ClassQuality, Report, ReportRow } from '#core/api/report.ts';
import { KINDS, type Kind } from '#core/report/kinds.ts';

/** What the address asks for; without a word the newest iteration in which anything was submitted or trained, so that a fresh one does not hide the last result. */
export function shownIteration(asked: unknown, rows: readonly ReportRow[] | null): number | null {
  if (typeof asked === 'string' && /^[1-9]\d{0,5}$/.test(asked)) return Number(asked);
  if (!rows) return null;
  return (rows.findLast((r) => r.images > 0 || r.newModel !== null) ?? rows.at(-1))?.iteration ?? null;
}

export interface KindRow {
  kind: Kind;
  /** Errors of this kind; null = that model was not measured. */
  before: number | null;
  after: number | null;
}

/** Errors by kind, of one class or of all, with both models. */
export function kindRows(quality: Report['quality'], classIndex: number | null): KindRow[] {
  const sum = (rows: readonly ErrorKinds[] | undefined, kind: Kind): number | null => (rows ? rows.filter((r) => classIndex === null || r.classIndex === classIndex).reduce((n, r) => n + r[kind], 0) : null);
  return KINDS.map((kind) => ({ kind, before: sum(quality?.old?.kinds, kind), after: sum(quality?.new?.kinds, kind) }));
}

export interface ClassRow { index: number; name: string; color: string; instances: number; before: number | null; after: number | null }

/** mAP50-95 by class, those with labels on the split; the biggest change first. */
export function classRows({ classes, models }: Pick<Report, 'classes' | 'models'>): ClassRow[] {
  type Row = Pick<ClassQuality, 'classIndex' | 'map' | 'instances'>;
  const of = (list: readonly Row[] | undefined, index: number) => list?.find((c) => c.classIndex === index && c.instances > 0);
  return classes.flatMap(({ index, name, color }) => {
    const [before, after] = [of(models.old?.metrics?.perClass, index), of(models.new?.metrics?.perClass, index)];
    return before ?? after ? [{ index, name, color, instances: (after ?? before)?.instances ?? 0, before: before?.map ?? null, after: after?.map ?? null }] : [];
  });
}
