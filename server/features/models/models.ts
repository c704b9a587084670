import { copyFile, mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { ModelMetrics, type ModelDto } from '#core/api/model.ts';
import { EmendError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import type { Inference } from '#inference';
import type { Prisma, PrismaClient } from '#prisma';
import type { Blobs } from '../../context.ts';
import { defaultClassLooks } from '../projects/index.ts';

export interface Parts {
  db: PrismaClient;
  blobs: Blobs;
  inference: Inference;
}

export interface NewModel {
  projectId: string;
  name: string;
  /** Blob of the ONNX file, as Ultralytics exports it. */
  onnxSha256: string;
  /** Blob of the trainable weights; null for an uploaded ONNX file, from which nothing can be fine-tuned. */
  ptSha256: string | null;
  origin: ModelDto['origin'];
  metrics?: ModelMetrics;
  runId?: string;
  parentId?: string;
  datasetVersionId?: string;
}

/**
 * Reads what the file says of itself, maps its classes to the project's by name, and makes the model version.
 * @throws EmendError `unsupported` for a file that no YOLO export of Ultralytics is, `conflict` for another task than the project's.
 */
export async function registerModel(parts: Parts, model: NewModel): Promise<ModelDto> {
  const prepared = await prepareModel(parts, model);
  return read(parts.db, await parts.db.$transaction((tx) => insertModel(tx, prepared)));
}

/** A model whose file was read and fits its project: what is left is to write it down. */
export interface PreparedModel {
  model: NewModel;
  task: 'detect' | 'segment';
  names: readonly string[];
  meta: Prisma.InputJsonObject;
  /** The project had no classes and takes the model's. */
  takesClasses: boolean;
}

/** @throws EmendError as `registerModel`. */
export async function prepareModel({ db, blobs, inference }: Parts, model: NewModel): Promise<PreparedModel> {
  const described = await inference.describeModel(await blobs.path(model.onnxSha256));
  // Names come from whoever made the file; a NUL or a line break in one is nobody's wish.
  const about = { ...described, names: described.names.map((name) => name.replace(/[\u0000-\u001f\u007f]/g, ' ').trim().slice(0, 80)) };
  const project = await db.project.findUniqueOrThrow({ where: { id: model.projectId }, include: { classes: true } });
  if (project.task === 'segment' && about.task === 'detect') {
    throw new EmendError('conflict', 'This model finds boxes only, and the project wants masks. Export a segmentation model, or make a project for detection.');
  }
  const takesClasses = project.classes.length === 0;
  if (!takesClasses && about.names.length > 0 && mapClasses(about.names, project.classes).every((index) => index === null)) {
    throw new EmendError('conflict', `None of the model's classes (${about.names.slice(0, 8).join(', ')}) is a class of this project. Add or rename classes in Settings, then upload the model again.`);
  }
  const meta = { head: about.head, inputSize: Math.max(about.input.width, about.input.height), stride: about.stride, opset: about.opset };
  return { model, task: about.task, names: about.names, meta, takesClasses };
}

/** Writes the model version, within the caller's transaction. Returns its id. */
export async function insertModel(tx: Prisma.TransactionClient, { model, task, names, meta, takesClasses }: PreparedModel): Promise<string> {
  const { projectId, runId, parentId, datasetVersionId, metrics, ...rest } = model;
  await tx.$queryRaw`SELECT id FROM "Project" WHERE id = ${projectId} FOR UPDATE`; // two uploads at once get two numbers
  if (takesClasses) await tx.projectClass.createMany({ data: classesOf(projectId, names), skipDuplicates: true });
  const classMap = mapClasses(names, await tx.projectClass.findMany({ where: { projectId } }));
  const last = await tx.modelVersion.aggregate({ where: { projectId }, _max: { number: true } });
  const { id } = await tx.modelVersion.create({
    data: {
      id: newId(), projectId, ...rest, number: (last._max.number ?? 0) + 1, task, classNames: [...names], classMap, meta,
      ...(metrics ? { metrics } : {}), runId: runId ?? null, parentId: parentId ?? null, datasetVersionId: datasetVersionId ?? null,
    },
  });
  return id;
}

/** Model class position → project class index, by name without regard to case; null where the project has no such class. */
function mapClasses(names: readonly string[], classes: readonly { name: string; index: number }[]): (number | null)[] {
  return names.map((name) => classes.find((c) => c.name.toLowerCase() === name.trim().toLowerCase())?.index ?? null);
}

/** A project without classes takes those of its first model, in the model's order. */
function classesOf(projectId: string, names: readonly string[]): Prisma.ProjectClassCreateManyInput[] {
  const byName = new Map(names.map((name) => name.trim().slice(0, 80)).filter((name) => name !== '').map((name) => [name.toLowerCase(), name]));
  return defaultClassLooks([...byName.values()]).map((looks) => ({ projectId, ...looks }));
}

const INCLUDE = { run: { select: { number: true } }, datasetVersion: { select: { number: true } }, project: { select: { currentModelId: true } } } satisfies Prisma.ModelVersionInclude;
type Row = Prisma.ModelVersionGetPayload<{ include: typeof INCLUDE }>;

const Names = Type.Array(Type.String());
const ClassMap = Type.Array(Type.Union([Type.Integer(), Type.Null()]));
const Meta = Type.Object({ head: Type.String(), inputSize: Type.Integer() });

export function readMetrics(stored: unknown): ModelMetrics | null {
  return Value.Check(ModelMetrics, stored) ? stored : null;
}

/** The input size that a model was exported with, in pixels. */
export function inputSizeOf(meta: unknown): number | null {
  return Value.Check(Meta, meta) ? meta.inputSize : null;
}

function dto(row: Row): ModelDto {
  return {
    id: row.id, number: row.number, name: row.name, task: row.task === 'detect' ? 'detect' : 'segment',
    classNames: Value.Check(Names, row.classNames) ? row.classNames : [], classMap: Value.Check(ClassMap, row.classMap) ? row.classMap : [],
    origin: row.origin === 'shipped' || row.origin === 'uploaded' ? row.origin : 'trained',
    current: row.project.currentModelId === row.id, hasOnnx: row.onnxSha256 !== null, trainable: row.ptSha256 !== null,
    inputSize: inputSizeOf(row.meta), head: Value.Check(Meta, row.meta) ? row.meta.head : null, metrics: readMetrics(row.metrics),
    parentId: row.parentId, runId: row.runId, runNumber: row.run?.number ?? null, datasetVersionId: row.datasetVersionId,
    datasetVersionNumber: row.datasetVersion?.number ?? null, createdAt: row.createdAt.toISOString(),
  };
}

export async function list(db: PrismaClient, projectId: string): Promise<ModelDto[]> {
  return (await db.modelVersion.findMany({ where: { projectId }, orderBy: { number: 'desc' }, include: INCLUDE })).map(dto);
}

export async function read(db: PrismaClient, id: string): Promise<ModelDto> {
  const row = await db.modelVersion.findUnique({ where: { id }, include: INCLUDE });
  if (!row) throw new EmendError('not_found', 'There is no such model.');
  return dto(row);
}

/** Ultralytics goes by the file's ending, which a blob has not: a copy with the right one. */
export async function copyWeights(blobs: Blobs, sha256: string, target: string): Promise<string> {
  await mkdir(dirname(target), { recursive: true });
  await rm(target, { force: true });
  await copyFile(await blobs.path(sha256), target);
  return target;
}
