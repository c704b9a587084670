/** Which split each picture of an upload goes to, so that no two that were made from one picture, or look the same, are on both sides. Pure. */
import type { ImportOptions, ImportPlan } from '#core/api/import.ts';
import type { SplitName } from '#core/dataset/dataYaml.ts';
import { DEFAULT_SHARE } from '#core/dataset/draw.ts';
import { familyOf, strictest } from '#core/dataset/split.ts';
import { propose, type Drawable, type Proposal, type UploadGroup } from '../splits/index.ts';
import type { Problems } from './problems.ts';

export interface ToPlace {
  sha256: string;
  path: string;
  /** By its folder; null = that does not tell. */
  split: SplitName | null;
  labelled: boolean;
  /** Class ids of the export that it shows. */
  classes: readonly number[];
  /** The project has it already: it stays where it is. */
  known: boolean;
}
export interface Place { split: SplitName; excluded: boolean }
export interface Placing {
  places: Map<string, Place>;
  leaks: NonNullable<ImportPlan['leaks']>;
  /** Labelled pictures that nothing gives a split: a person has to. */
  undecided: boolean;
}

interface Home { split: SplitName; /** Whom it follows. */ like: string; inProject: boolean }

/** `groups`: by hash, of all that are not known. */
export function placePictures(pictures: readonly ToPlace[], groups: ReadonlyMap<string, UploadGroup>, options: ImportOptions, problems: Problems): Placing {
  const homes = homesOf(pictures, groups);
  const placing: Placing = { places: new Map(), leaks: { groups: 0, images: 0, joined: 0 }, undecided: false };
  const leaking = new Set<string>();
  for (const picture of pictures) {
    const group = groups.get(picture.sha256)?.group;
    const home = group === undefined ? undefined : homes.get(group);
    const asked = options.split ?? 'train';
    let place: Place = { split: picture.split ?? home?.split ?? asked, excluded: false };
    if (picture.labelled && picture.split === null && !home && !picture.known) placing.undecided = true;
    if (home && group !== undefined && !picture.known && picture.split === null && home.split !== asked) {
      placing.leaks.joined++;
      problems.add('warning', 'split-joined', picture.path, `${kinship(picture.path, home)}, which is in ${home.split}${home.inProject ? ' in the project' : ''}. It goes to ${home.split} as well, so that nothing is validated on what was trained on.`);
    }
    if (home && group !== undefined && !picture.known && picture.split !== null && picture.split !== home.split) {
      leaking.add(group);
      placing.leaks.images++;
      place = astray(picture.split, home, options);
      problems.add('warning', 'split-leak', picture.path, `${kinship(picture.path, home)}, which is in ${home.split}${home.inProject ? ' in the project' : ''}; this one is in ${picture.split}: the validation would look better than it is. ${answer(home, options)}`);
    }
    placing.places.set(picture.sha256, place);
  }
  placing.leaks.groups = leaking.size;
  return placing;
}

/** What the project has decides; else the strictest split that the upload names. */
function homesOf(pictures: readonly ToPlace[], groups: ReadonlyMap<string, UploadGroup>): Map<string, Home> {
  const homes = new Map<string, Home>();
  for (const { sha256, path, split } of pictures) {
    const group = groups.get(sha256);
    if (!group) continue;
    if (group.home !== null) homes.set(group.group, { split: group.home, like: group.like ?? '', inProject: true });
    else if (split !== null) {
      const before = homes.get(group.group);
      if (!before || strictest([before.split, split]) !== before.split) homes.set(group.group, { split, like: path, inProject: false });
    }
  }
  return homes;
}

function astray(split: SplitName, home: Home, { leaks }: ImportOptions): Place {
  return { split: leaks === 'move' ? home.split : split, excluded: leaks === 'exclude' };
}

function answer({ split }: Home, { leaks }: ImportOptions): string {
  if (leaks === 'move') return `It goes to ${split}.`;
  return leaks === 'exclude' ? 'It is taken, and left out of versions.' : 'It is taken as it is, until you say otherwise.';
}

function kinship(path: string, { like }: Home): string {
  const family = familyOf(path);
  return family !== null && family === familyOf(like) ? `This picture and ${like} were made from one picture` : `This picture looks the same as ${like}`;
}

export interface ToDraw { pictures: readonly ToPlace[]; groups: ReadonlyMap<string, UploadGroup>; places: Map<string, Place>; names: ReadonlyMap<number, string>; projectId: string; options: ImportOptions }

/** What drawing a validation split from the upload would set aside; done to `places` when the options say so. null where nothing can be drawn. */
export function drawFromUpload({ pictures, groups, places, names, projectId, options }: ToDraw): Proposal['draw'] | null {
  const groupOf = (p: ToPlace): UploadGroup | undefined => groups.get(p.sha256);
  // A group with pictures in the project, or in another split, is decided already.
  const bound = new Set(pictures.filter((p) => places.get(p.sha256)?.split !== 'train' || groupOf(p)?.home != null).map((p) => groupOf(p)?.group));
  const drawable = pictures.flatMap((p): Drawable[] => {
    const group = groupOf(p)?.group;
    if (!p.labelled || p.known || group === undefined || bound.has(group) || places.get(p.sha256)?.excluded === true) return [];
    return [{ id: p.sha256, group, sha256: p.sha256, classes: p.classes }];
  });
  const share = options.draw ?? DEFAULT_SHARE;
  const made = propose(drawable, names, share > 0 ? share : DEFAULT_SHARE, projectId);
  if (!made) return null;
  if (options.draw !== undefined && options.draw > 0) {
    const drawn = new Set(made.ids.map((sha256) => groups.get(sha256)?.group));
    for (const p of pictures) if (drawn.has(groupOf(p)?.group)) places.set(p.sha256, { split: 'valid', excluded: places.get(p.sha256)?.excluded ?? false });
  }
  return made.draw;
}
