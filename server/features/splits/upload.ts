/** The pictures of an upload among those of the project, before anything is written. */
import type { SplitName } from '#core/dataset/dataYaml.ts';
import { Grouping } from '#core/dataset/grouping.ts';
import type { Likeness } from '#core/dataset/likeness.ts';
import { familyOf, splitName, strictest } from '#core/dataset/split.ts';
import type { PrismaClient } from '#prisma';
import { membersOf, thumbsOf } from './link.ts';

export interface UploadedPicture { sha256: string; path: string; likeness: Likeness }
export interface UploadGroup {
  group: string;
  /** The split of the project's images in this group; null = there are none. */
  home: SplitName | null;
  /** The name of one of them. */
  like: string | null;
}

const mark = (sha256: string): string => `upload ${sha256}`;

/** By the hash of each picture. Those that the project holds already are not among them: leave them out. */
export async function groupUpload(db: PrismaClient, projectId: string, pictures: readonly UploadedPicture[], signal: AbortSignal): Promise<Map<string, UploadGroup>> {
  const grouping = new Grouping();
  grouping.known(await membersOf(db, projectId));
  const own = new Map(pictures.map((p) => [mark(p.sha256), p.likeness.thumb]));
  const thumbs = async (ids: string[]): Promise<Map<string, Uint8Array>> => {
    const stored = ids.filter((id) => !own.has(id));
    const found = stored.length > 0 ? await thumbsOf(db, stored) : new Map<string, Uint8Array>();
    for (const id of ids) {
      const thumb = own.get(id);
      if (thumb) found.set(id, thumb);
    }
    return found;
  };
  for (const { sha256, path, likeness } of pictures) {
    signal.throwIfAborted();
    await grouping.add({ id: mark(sha256), hash: likeness.hash, family: familyOf(path), group: null }, likeness.thumb, thumbs);
  }
  const homes = await homesOf(db, projectId, grouping, new Set(pictures.map((p) => grouping.root(mark(p.sha256)))));
  return new Map(pictures.map(({ sha256 }) => {
    const group = grouping.root(mark(sha256));
    return [sha256, { group, ...(homes.get(group) ?? { home: null, like: null }) }];
  }));
}

async function homesOf(db: PrismaClient, projectId: string, grouping: Grouping, groups: ReadonlySet<string>): Promise<Map<string, { home: SplitName; like: string }>> {
  const homes = new Map<string, { home: SplitName; like: string }>();
  for (const image of await db.image.findMany({ where: { projectId, excluded: false }, orderBy: { id: 'asc' }, select: { id: true, name: true, split: true } })) {
    const group = grouping.root(image.id);
    if (!groups.has(group)) continue;
    const split = splitName(image.split);
    const before = homes.get(group);
    if (!before || strictest([before.home, split]) !== before.home) homes.set(group, { home: split, like: image.name });
  }
  return homes;
}
