/** What the points are coloured by: a number per point into a list of entries, which is also the legend. Pure. */
import { MAP_SPLIT, MAP_STATUS, NO_CLASS, NOT_KNOWN } from '#core/api/map.ts';
import type { ClassDto } from '#core/api/project.ts';
import { parseColor, type Rgb } from '../../renderer/color.ts';
import type { Facets } from './unpack.ts';

export const COLOURINGS = ['status', 'split', 'class', 'unsure'] as const;
export type Colouring = (typeof COLOURINGS)[number];
export const COLOURING_WORDS: Record<Colouring, string> = { status: 'Colour: status', split: 'Colour: split', class: 'Colour: class', unsure: 'Colour: how unsure' };

/** `color`: a token, or a colour of its own. */
export interface Entry { label: string; color: string; count: number }
export interface Coloured {
  /** Per point: index in `entries`. */
  inks: Uint16Array;
  entries: Entry[];
}

const STATUS: Record<(typeof MAP_STATUS)[number], [label: string, color: string]> = {
  new: ['not predicted', '--dim'], predicted: ['to correct', '--warn'], corrected: ['corrected', '--accent'], ok: ['ok', '--ok'],
  skipped: ['skipped', '--bad'], baseline: ['baseline', '--second'], excluded: ['excluded', '--line-strong'],
};
const SPLIT: Record<(typeof MAP_SPLIT)[number], string> = { train: '--accent', valid: '--warn', test: '--ok' };
/** From sure to unsure (viridis, without its darkest part, which is lost on a dark screen): lightness alone tells the order, whatever colours one sees. */
const RAMP = [['sure', '#46549b'], ['rather sure', '#2f7e9c'], ['in between', '#27a386'], ['rather unsure', '#7fc651'], ['unsure', '#f2d03b']] as const;

export function colour(by: Colouring, facets: Facets, classes: readonly ClassDto[]): Coloured {
  switch (by) {
    case 'status': return counted(facets.status, MAP_STATUS.map((name) => STATUS[name]));
    case 'split': return counted(facets.split, MAP_SPLIT.map((name) => [name, SPLIT[name]]));
    case 'class': return byClass(facets.class, classes);
    case 'unsure': return byDoubt(facets.unsure);
  }
}

function byClass(of: Uint16Array, classes: readonly ClassDto[]): Coloured {
  const place = new Map(classes.map((one, i) => [one.index, i]));
  const none = classes.length;
  return counted(of.map((index) => (index === NO_CLASS ? none : (place.get(index) ?? none))), [...classes.map((one): [string, string] => [one.name, one.color]), ['no object', '--dim']]);
}

/** In fifths of what there is: doubts are small numbers, and which image has more of them is what counts. */
function byDoubt(unsure: Uint8Array): Coloured {
  const known = unsure.filter((value) => value !== NOT_KNOWN).sort();
  const limits = RAMP.map((_, i) => known[Math.min(known.length - 1, Math.ceil(((i + 1) * known.length) / RAMP.length) - 1)] ?? NOT_KNOWN);
  return counted(unsure.map((value) => (value === NOT_KNOWN ? RAMP.length : Math.max(0, limits.findIndex((limit) => value <= limit)))), [...RAMP.map(([label, color]): [string, string] => [label, color]), ['no predictions', '--dim']]);
}

function counted(inks: Uint8Array | Uint16Array, names: readonly (readonly [string, string])[]): Coloured {
  const entries = names.map(([label, color]) => ({ label, color, count: 0 }));
  for (const ink of inks) {
    const entry = entries[ink];
    if (entry) entry.count += 1;
  }
  return { inks: Uint16Array.from(inks), entries };
}

/** As the browser tells a token's colour ("rgb(91, 140, 255)"), or as classes have theirs. */
export function rgbOf(text: string): Rgb {
  const parts = (/^rgba?\(([^)]*)\)$/.exec(text)?.[1] ?? '').split(/[\s,/]+/).map(Number);
  const [r, g, b] = parts;
  if (r === undefined || g === undefined || b === undefined || !parts.every((value) => Number.isFinite(value))) return parseColor(text);
  return [r / 255, g / 255, b / 255];
}
