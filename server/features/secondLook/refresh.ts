/** Works findings out from the labels as they are accepted now and the present model's predictions, and writes them down. */
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { Value } from 'typebox/value';
import { isAnswered, type Answer } from '#core/secondLook/answers.ts';
import { FoundPrediction, isOpinion, type Finding, type Label } from '#core/secondLook/finding.ts';
import { secondLook } from '#core/secondLook/look.ts';
import { BoxSchema } from '#core/geometry/box.ts';
import type { LabelAnswer, Prisma, PrismaClient } from '#prisma';
import type { JobHandle } from '../../context.ts';
import { acceptedLabels } from '../dataset/index.ts';
import { readScene, sha256, type Scene } from './scene.ts';
import { changed, forget, standingOf } from './standing.ts';

/** Images per transaction. */
const CHUNK = 200;
/** So many changed images are looked at while somebody waits for the list. */
const AT_ONCE = 40;

type Db = Prisma.TransactionClient;

/** Brings what changed since into the list, as far as that takes no time. */
export async function refreshSome(db: PrismaClient, projectId: string): Promise<Scene> {
  const scene = await readScene(db, projectId);
  await forget(db, scene);
  const ids = await changed(db, scene, AT_ONCE + 1);
  if (ids.length <= AT_ONCE) await refreshImages(db, scene, ids);
  return scene;
}

/** Looks at everything that changed. May be cut off anywhere and run again. Returns how many images were looked at. */
export async function refreshAll(db: PrismaClient, projectId: string, job: JobHandle): Promise<number> {
  const scene = await readScene(db, projectId);
  await forget(db, scene);
  const ids = await changed(db, scene, 10_000_000);
  for (let at = 0; at < ids.length && !job.signal.aborted; at += CHUNK) {
    job.progress(at, ids.length, 'Comparing with the labels');
    await refreshImages(db, scene, ids.slice(at, at + CHUNK));
  }
  return ids.length;
}

/** Idempotent; two at a time take turns. */
export async function refreshImages(db: PrismaClient, scene: Scene, imageIds: readonly string[]): Promise<void> {
  if (imageIds.length === 0) return;
  await db.$transaction(async (tx) => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`second look ${scene.projectId}`}, 0))`;
    const standing = await standingOf(tx, scene, imageIds);
    const ids = standing.map((s) => s.imageId);
    const [labels, seen, answers] = [await labelsOf(tx, scene, ids), await seenOf(tx, scene, ids), await answersOf(tx, ids)];
    const sizes = await tx.image.findMany({ where: { id: { in: ids } }, select: { id: true, width: true, height: true } });
    const rows = sizes.flatMap(({ id, ...size }) => {
      const here = labels.get(id) ?? [];
      return secondLook(here, seen.get(id) ?? null, { ...scene.rules, ...size }).map((finding) => rowOf(scene, id, finding, answerFor(finding, here, answers.get(id) ?? [])));
    });
    const imageId = { in: [...imageIds] };
    await tx.finding.deleteMany({ where: { imageId } });
    await tx.secondLook.deleteMany({ where: { imageId } });
    await tx.finding.createMany({ data: rows, skipDuplicates: true });
    await tx.secondLook.createMany({ data: standing.map((s) => ({ imageId: s.imageId, projectId: scene.projectId, basis: s.basis })) });
  }, { timeout: 60_000, maxWait: 60_000 });
}

export async function labelsOf(db: Db, { projectId }: Pick<Scene, 'projectId'>, imageIds: readonly string[]): Promise<Map<string, Label[]>> {
  const accepted = await acceptedLabels(db, projectId, imageIds);
  return new Map([...accepted].map(([id, { instances }]) => [id, instances.map(({ id: label, class: index, box, mask }) => ({ id: label, class: index, box, ...(mask ? { mask } : {}) }))]));
}

const columns = Compile(Type.Object({ classes: Type.Array(Type.Integer()), scores: Type.Array(Type.Number()), boxes: Type.Array(BoxSchema) }));
const one = Compile(FoundPrediction);

/** The present model's predictions, in the classes as they are now. Without masks, which are most of a set. */
async function seenOf(db: Db, { model, classOf }: Scene, imageIds: readonly string[]): Promise<Map<string, FoundPrediction[]>> {
  if (model === null) return new Map();
  const rows = await db.$queryRaw<{ imageId: string }[]>`
    SELECT "imageId", jsonb_path_query_array(instances, '$[*].class') AS classes, jsonb_path_query_array(instances, '$[*].score') AS scores, jsonb_path_query_array(instances, '$[*].box') AS boxes
    FROM "PredictionSet" WHERE "modelId" = ${model.id} AND "imageId" = ANY(${[...imageIds]}::text[])`;
  return new Map(rows.map((row) => [row.imageId, columns.Check(row) ? row.classes.flatMap((index, i) => {
    const found = { class: classOf(index), score: row.scores[i], box: row.boxes[i] };
    return one.Check(found) ? [found] : [];
  }) : []]));
}

export async function answersOf(db: Db, imageIds: readonly string[]): Promise<Map<string, LabelAnswer[]>> {
  const rows = await db.labelAnswer.findMany({ where: { imageId: { in: [...imageIds] }, takenBackAt: null }, orderBy: { createdAt: 'asc' } });
  return Map.groupBy(rows, (row) => row.imageId);
}

/** The first answer that holds for it; null = nobody has said anything, or the labels have changed since. */
export function answerFor(finding: Finding, labels: readonly Label[], answers: readonly LabelAnswer[]): string | null {
  return answers.find((row) => isAnswered(finding, labels, toAnswer(row), sha256))?.id ?? null;
}

const SCOPES: Readonly<Record<string, Answer['scope']>> = { model: 'model', noLabel: 'noLabel', fewPixels: 'fewPixels', wholeImage: 'wholeImage', double: 'double' };

function toAnswer({ scope, labelsHash, place }: LabelAnswer): Answer {
  const known = SCOPES[scope];
  if (known === undefined) throw new TypeError(`an answer is about ${scope}`);
  return { scope: known, labels: labelsHash, place: Value.Check(BoxSchema, place) ? place : null };
}

function rowOf(scene: Scene, imageId: string, finding: Finding, answerId: string | null): Prisma.FindingCreateManyInput {
  const { kind, labels, seen, rank } = finding;
  const classes = [...new Set([...labels.map((l) => l.class), ...(seen ? [seen.class] : [])])];
  // The same finding keeps its address, so that a link to it and somebody's place in the list outlive a second comparison.
  const id = sha256(JSON.stringify([imageId, kind, labels, seen])).slice(0, 24);
  return { id, projectId: scene.projectId, imageId, kind, classes, rank, data: finding, modelId: isOpinion(kind) ? (scene.model?.id ?? null) : null, answerId };
}
