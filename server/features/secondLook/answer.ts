/** "The label is right": said, and taken back. Changes no label. */
import { Value } from 'typebox/value';
import { answerTo } from '#core/secondLook/answers.ts';
import { FindingSchema, type Label } from '#core/secondLook/finding.ts';
import { EmendError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import { Prisma, type Finding, type PrismaClient } from '#prisma';
import { answerFor, answersOf, labelsOf, refreshImages } from './refresh.ts';
import { readScene, sha256 } from './scene.ts';

interface Input {
  projectId: string;
  findingId: string;
  personId: string;
}

/** Said twice, it is said once. @throws EmendError `conflict` when the labels have changed since the finding was shown. */
export async function sayRight(db: PrismaClient, { projectId, findingId, personId }: Input): Promise<void> {
  await answering(db, projectId, findingId, async (tx, row, labels) => {
    if (row.answerId !== null) return;
    const finding = Value.Parse(FindingSchema, row.data);
    const { scope, labels: labelsHash, place } = answerTo(finding, labels, sha256);
    await tx.labelAnswer.create({ data: { id: newId(), projectId, imageId: row.imageId, scope, labelsHash, place: place === null ? Prisma.DbNull : [...place], finding, modelId: row.modelId, byId: personId } });
  });
}

/** Whoever may say it may take it back: all that was said and holds for it. */
export async function takeBack(db: PrismaClient, { projectId, findingId, personId }: Input): Promise<void> {
  await answering(db, projectId, findingId, async (tx, row, labels) => {
    const finding = Value.Parse(FindingSchema, row.data);
    const said = (await answersOf(tx, [row.imageId])).get(row.imageId) ?? [];
    const id = { in: said.filter((answer) => answerFor(finding, labels, [answer]) !== null).map((answer) => answer.id) };
    await tx.labelAnswer.updateMany({ where: { id }, data: { takenBackAt: new Date(), takenBackById: personId } });
  });
}

type Change = (tx: Prisma.TransactionClient, row: Finding, labels: readonly Label[]) => Promise<void>;

/** The finding is looked for after its image was looked at anew, and all findings of the image are held against the answers afterwards. */
async function answering(db: PrismaClient, projectId: string, findingId: string, change: Change): Promise<void> {
  const { imageId } = await db.finding.findUniqueOrThrow({ where: { id: findingId }, select: { imageId: true } });
  await refreshImages(db, await readScene(db, projectId), [imageId]);
  await db.$transaction(async (tx) => {
    const [locked] = await tx.$queryRaw<{ id: string }[]>`SELECT id FROM "Finding" WHERE id = ${findingId} FOR UPDATE`;
    if (!locked) throw new EmendError('conflict', 'The labels of this image have changed since you saw this, so nothing was recorded. The list shows what stands now.');
    const labels = (await labelsOf(tx, { projectId }, [imageId])).get(imageId) ?? [];
    await change(tx, await tx.finding.findUniqueOrThrow({ where: { id: findingId } }), labels);
    const said = (await answersOf(tx, [imageId])).get(imageId) ?? [];
    for (const row of await tx.finding.findMany({ where: { imageId } })) {
      const answerId = answerFor(Value.Parse(FindingSchema, row.data), labels, said);
      if (answerId !== row.answerId) await tx.finding.update({ where: { id: row.id }, data: { answerId } });
    }
  });
}
