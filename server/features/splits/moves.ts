/** Moving images between splits: always with all that are like them, and, once they are part of a frozen version, only by an administrator with a reason. */
import { EmendError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import type { SplitName } from '#core/dataset/dataYaml.ts';
import type { Prisma } from '#prisma';
import { note } from '../../activity.ts';
import { atLeast, type ProjectRole } from '../../access.ts';

export type MoveKind = 'hand' | 'draw' | 'repair';
export interface Mover { id: string; role: ProjectRole }

export interface Move {
  projectId: string;
  /** Images; their whole groups go along. */
  ids: readonly string[];
  to: SplitName;
  kind: MoveKind;
  reason: string | undefined;
  by: Mover;
}

type Db = Prisma.TransactionClient;

/** Returns how many images have moved: those that are there already are left alone. @throws EmendError `conflict` when that needs an administrator and a reason. */
export async function moveImages(tx: Db, move: Move): Promise<number> {
  const { projectId, to, kind, by } = move;
  await tx.$queryRaw`SELECT id FROM "Project" WHERE id = ${projectId} FOR UPDATE`; // no freeze sees half of a move
  const named = await tx.image.findMany({ where: { projectId, id: { in: [...move.ids] } }, select: { id: true, name: true, groupId: true } });
  const groups = named.flatMap((i) => i.groupId ?? []);
  const moving = await tx.image.findMany({
    where: { projectId, split: { not: to }, OR: [{ id: { in: named.map((i) => i.id) } }, { groupId: { in: groups } }] }, select: { id: true, name: true, split: true },
  });
  if (moving.length === 0) return 0;
  const frozen = kind === 'draw' ? 0 : await tx.image.count({ where: { id: { in: moving.map((i) => i.id) }, datasetItems: { some: {} } } });
  if (frozen > 0) needReason(frozen, move);
  const reason = frozen > 0 ? (move.reason?.trim() ?? null) : null;
  await tx.image.updateMany({ where: { id: { in: moving.map((i) => i.id) } }, data: { split: to } });
  await tx.splitMove.createMany({ data: moving.map((i) => ({ id: newId(), imageId: i.id, from: i.split, to, kind, reason, byId: by.id })) });
  if (kind !== 'draw') {
    const what = moving.length === 1 ? (moving[0]?.name ?? 'an image') : `${moving.length} images`;
    await note(tx, projectId, by.id, 'split', `moved ${what} to ${to}${reason === null ? '' : `, although frozen: ${reason}`}`);
  }
  return moving.length;
}

function needReason(frozen: number, { reason, by, to }: Move): void {
  const what = frozen === 1 ? 'One image is' : `${frozen} images are`;
  const why = `${what} part of a frozen version: once moved to ${to}, scores of models before and after cannot be compared.`;
  if (!atLeast(by.role, 'admin')) throw new EmendError('conflict', `${why} Nothing was moved; an administrator of the project can, with a reason. Excluding images from the next versions is always possible.`);
  if (reason === undefined || reason.trim() === '') throw new EmendError('conflict', `${why} Nothing was moved; say why it is to be moved nevertheless. The reason is kept.`);
}
