/** The validation split of a project that has none: proposed, drawn when a person agrees, frozen from then on. */
import type { SplitDraw, SplitStatus } from '#core/api/splits.ts';
import { BACKGROUND, drawGroups, DEFAULT_SHARE, type DrawGroup } from '#core/dataset/draw.ts';
import { EmendError } from '#core/errors.ts';
import type { Prisma, PrismaClient } from '#prisma';
import { note } from '../../activity.ts';
import { countLeaks } from './leaks.ts';
import { linkProject } from './link.ts';
import { moveImages, type Mover } from './moves.ts';

type Db = Prisma.TransactionClient;

/** A labelled image that may be drawn. */
export interface Drawable { id: string; group: string; sha256: string; classes: readonly number[] }
export interface Proposal { draw: SplitDraw; ids: string[] }

/** Pure: groups the images, draws, and counts what that gives. `names`: class → name. null where there are fewer than two groups. */
export function propose(images: readonly Drawable[], names: ReadonlyMap<number, string>, share: number, seed: string): Proposal | null {
  const byGroup = new Map<string, Drawable[]>();
  for (const image of images) {
    const list = byGroup.get(image.group);
    if (list) list.push(image);
    else byGroup.set(image.group, [image]);
  }
  const members = new Map([...byGroup.values()].map((list) => [list.map((i) => i.sha256).sort()[0] ?? '', list]));
  const chosen = drawGroups([...members].map(([key, list]) => ({ key, images: list.length, classes: classesOf(list) })), share, seed);
  if (chosen.size === 0) return null;
  const taken = [...chosen].flatMap((key) => members.get(key) ?? []);
  const perClass = [...names].map(([cls, name]) => {
    const shows = (list: readonly Drawable[]): number => list.filter((i) => i.classes.includes(cls)).length;
    return { name, images: shows(taken), of: shows(images) };
  });
  return { ids: taken.map((i) => i.id), draw: { share, images: taken.length, of: images.length, groups: chosen.size, perClass } };
}

function classesOf(images: readonly Drawable[]): DrawGroup['classes'] {
  const counts = new Map<number, number>();
  for (const { classes } of images) for (const cls of classes.length === 0 ? [BACKGROUND] : classes) counts.set(cls, (counts.get(cls) ?? 0) + 1);
  return counts;
}

export async function readStatus(db: PrismaClient, projectId: string, share = DEFAULT_SHARE, withDraw = true): Promise<SplitStatus> {
  const labelled = await countLabelled(db, projectId);
  const uncompared = await db.image.count({ where: { projectId, groupId: null } });
  return { labelled, leaks: await countLeaks(db, projectId), uncompared, draw: !withDraw || labelled.valid > 0 ? null : ((await proposal(db, projectId, share))?.draw ?? null) };
}

/** Sets the drawn images aside. @throws EmendError `conflict` where there is a validation split, or nothing to draw from. */
export async function drawSplit(db: PrismaClient, projectId: string, share: number, by: Mover): Promise<SplitStatus> {
  await linkProject(db, projectId);
  await db.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT id FROM "Project" WHERE id = ${projectId} FOR UPDATE`; // two draws would be one too many
    const { valid } = await countLabelled(tx, projectId);
    if (valid > 0) throw new EmendError('conflict', `There are ${valid} labelled validation images already, and they stay: models are compared on them. Nothing was drawn.`);
    const made = await proposal(tx, projectId, share);
    if (!made) throw new EmendError('conflict', 'There are too few labelled images of different content to set some aside for validation; at least two are needed. Submit or import more first.');
    const moved = await moveImages(tx, { projectId, ids: made.ids, to: 'valid', kind: 'draw', reason: undefined, by });
    await note(tx, projectId, by.id, 'split', `set ${made.draw.images} of ${made.draw.of} labelled images aside for validation${moved > made.draw.images ? `, with ${moved - made.draw.images} unlabelled ones like them` : ''}`);
  }, { timeout: 120_000 });
  return readStatus(db, projectId, share);
}

export async function countLabelled(db: Db, projectId: string): Promise<SplitStatus['labelled']> {
  const rows = await db.$queryRaw<{ split: string; images: number }[]>`
    SELECT i.split, count(*)::int AS images FROM "Image" i WHERE i."projectId" = ${projectId} AND NOT i.excluded AND (
      EXISTS (SELECT 1 FROM "BaselineLabel" b WHERE b."imageId" = i.id)
      OR EXISTS (SELECT 1 FROM "Revision" r JOIN "Task" t ON t.id = r."taskId" AND NOT t.measures WHERE r."imageId" = i.id))
    GROUP BY i.split`;
  const of = (split: string): number => rows.find((r) => r.split === split)?.images ?? 0;
  return { train: of('train'), valid: of('valid'), test: of('test') };
}

async function proposal(db: Db, projectId: string, share: number): Promise<Proposal | null> {
  const classes = await db.projectClass.findMany({ where: { projectId, retiredAt: null }, orderBy: { index: 'asc' } });
  return propose(await drawable(db, projectId), new Map(classes.map((c) => [c.index, c.name])), share, projectId);
}

/** Labelled images of the train split that no model was trained on, in groups that lie in it as a whole. */
async function drawable(db: Db, projectId: string): Promise<Drawable[]> {
  return db.$queryRaw<Drawable[]>`
    WITH bound AS (
      SELECT DISTINCT COALESCE(i."groupId", i.id) AS "group" FROM "Image" i WHERE i."projectId" = ${projectId} AND NOT i.excluded AND (i.split <> 'train'
        OR EXISTS (SELECT 1 FROM "DatasetItem" d JOIN "TrainingRun" t ON t."datasetVersionId" = d."datasetVersionId" WHERE d."imageId" = i.id)))
    SELECT i.id, COALESCE(i."groupId", i.id) AS "group", i.sha256,
      ARRAY(SELECT DISTINCT (e->>'class')::int FROM jsonb_array_elements(COALESCE(r.instances, b.instances)) e ORDER BY 1) AS classes
    FROM "Image" i
    LEFT JOIN LATERAL (
      SELECT r.instances, t.review FROM "Revision" r JOIN "Task" t ON t.id = r."taskId" AND NOT t.measures WHERE r."imageId" = i.id ORDER BY r."createdAt" DESC, r.number DESC LIMIT 1) r ON true
    LEFT JOIN LATERAL (SELECT instances FROM "BaselineLabel" WHERE "imageId" = i.id ORDER BY "createdAt" DESC LIMIT 1) b ON true
    WHERE i."projectId" = ${projectId} AND NOT i.excluded AND i.split = 'train' AND COALESCE(r.instances, b.instances) IS NOT NULL AND r.review IS DISTINCT FROM 'returned'
      AND COALESCE(i."groupId", i.id) NOT IN (SELECT "group" FROM bound)
    ORDER BY i.sha256`;
}
