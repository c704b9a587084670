/** What a second look is taken by: the present model, the project's thresholds and classes, and the size of pictures in training. */
import { createHash } from 'node:crypto';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { classResolver } from '#core/dataset/classes.ts';
import type { Rules } from '#core/secondLook/finding.ts';
import type { Prisma } from '#prisma';
import { inputSizeOf, readMetrics } from '../models/index.ts';
import { readSettings } from '../projects/index.ts';

/** Ultralytics' own default, where neither a run nor a model says one. */
const USUAL_IMGSZ = 640;
/** Of a model that nobody has measured. */
const UNMEASURED_TRUST = 0.5;
/** Changes with the rules in core/secondLook, so that everything is looked at anew. */
const EDITION = 1;
const Config = Type.Object({ imgsz: Type.Integer({ minimum: 1 }) });

export interface Scene {
  readonly projectId: string;
  readonly model: { readonly id: string; readonly name: string } | null;
  readonly rules: Omit<Rules, 'width' | 'height'>;
  /** Class of a stored prediction → its class now; null = retired. */
  readonly classOf: (index: number) => number | null;
  /** Hash of all that findings depend on beside an image's labels and predictions. */
  readonly hash: string;
}

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

export async function readScene(db: Prisma.TransactionClient, projectId: string): Promise<Scene> {
  const project = await db.project.findUniqueOrThrow({ where: { id: projectId }, include: { classes: { orderBy: { index: 'asc' } }, runs: { orderBy: { number: 'desc' }, take: 1, select: { config: true } } } });
  const model = project.currentModelId === null ? null : await db.modelVersion.findUnique({ where: { id: project.currentModelId }, select: { id: true, name: true, meta: true, metrics: true } });
  const { threshold, attention } = readSettings(project.settings);
  const config: unknown = project.runs[0]?.config;
  const imgsz = Value.Check(Config, config) ? config.imgsz : ((model && inputSizeOf(model.meta)) ?? USUAL_IMGSZ);
  const metrics = readMetrics(model?.metrics);
  const perClass = new Map((metrics?.perClass ?? []).filter((c) => c.instances > 0).map((c) => [c.classIndex, c.map50]));
  const trust = (index: number): number => perClass.get(index) ?? metrics?.map50 ?? UNMEASURED_TRUST;
  const fates = project.classes.map((c) => ({ index: c.index, retired: c.retiredAt !== null, mergedInto: c.mergedInto }));
  const sure = Math.max(threshold, attention);
  return {
    projectId, model: model && { id: model.id, name: model.name }, rules: { imgsz, threshold, sure, trust }, classOf: classResolver(fates),
    hash: sha256(JSON.stringify([EDITION, model?.id ?? null, imgsz, threshold, sure, fates, fates.map((f) => trust(f.index))])).slice(0, 16),
  };
}
