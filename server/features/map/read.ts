import type { Static } from 'typebox';
import type { ImageMapDto } from '#core/api/map.ts';
import { EmendError } from '#core/errors.ts';
import type { ImageMap, PrismaClient } from '#prisma';
import { findMap, THUMBNAILS } from './repository.ts';

interface Current {
  map: ImageMap | null;
  model: { id: string; name: string } | null;
}

export async function currentMap(db: PrismaClient, projectId: string): Promise<Current> {
  const project = await db.project.findUnique({ where: { id: projectId }, select: { currentModelId: true } });
  if (!project) throw new EmendError('not_found', 'There is no such project.');
  const model = project.currentModelId === null ? null : await db.modelVersion.findUnique({ where: { id: project.currentModelId }, select: { id: true, name: true } });
  return { model, map: await findMap(db, projectId, project.currentModelId) };
}

/** The name of a map's points, as an id. */
export function keyOf(map: ImageMap): string {
  return map.sha256.slice(0, 20);
}

export async function readMap(db: PrismaClient, projectId: string): Promise<ImageMapDto> {
  const { map, model } = await currentMap(db, projectId);
  const images = await db.image.count({ where: { projectId, excluded: false } });
  const newer = map === null ? 0 : await db.image.count({ where: { projectId, excluded: false, createdAt: { gt: map.readAt } } });
  return { map: map && (await described(db, map)), images, newer, otherModel: map !== null && (await isOfAnother(db, map, model?.id ?? null)), model };
}

async function described(db: PrismaClient, map: ImageMap): Promise<NonNullable<Static<typeof ImageMapDto>['map']>> {
  const model = map.basis === THUMBNAILS ? null : await db.modelVersion.findUnique({ where: { id: map.basis }, select: { id: true, name: true } });
  return { key: keyOf(map), basis: map.basis === THUMBNAILS ? 'thumbnails' : 'model', model, madeAt: map.madeAt.toISOString(), images: map.images, unplaced: map.unplaced };
}

/** Thumbnails are out of date only when the present model does tell how it sees pictures. */
async function isOfAnother(db: PrismaClient, map: ImageMap, modelId: string | null): Promise<boolean> {
  if (modelId === null || map.basis === modelId) return false;
  return (await db.featureVector.count({ where: { modelId }, take: 1 })) > 0;
}
