import type { Problem } from '#core/errors.ts';
import type { ClassDto } from '#core/api/project.ts';
import type { MaskWork } from '../../editor/editor.ts';
import type { Derived, Shape } from '../../editor/shapes.ts';
import { scoreText } from '../../renderer/words.ts';
import { classOf } from './useEditorState.ts';

export interface Surroundings {
  readonly derived: Derived | null;
  readonly classes: readonly ClassDto[];
  readonly maskWork: ReadonlyMap<string, MaskWork>;
  readonly model: string | null;
  /** The project wants masks. */
  readonly segmenting: boolean;
  readonly nameOf: (id: string | undefined) => string;
  readonly now: number;
}

const DONE = { drawn: 'drawn', adjusted: 'moved or resized', relabelled: 'relabelled', freeform: 'drawn free-hand' } as const;

/** What there is to say about one instance, a line each: what it is and whose, what it replaces, where its mask is from. */
export function describe(shape: Shape, around: Surroundings): string[] {
  const name = classOf(around.classes, shape.class).name;
  if (shape.source !== 'annotation') return predictionLines(shape, name, around);
  return [
    `${name}, ${DONE[shape.kind ?? 'drawn']} by ${around.nameOf(shape.by)}, ${since(shape.at ?? around.now, around.now)}`,
    ...changedBy(shape, around),
    ...replaced(shape, around),
    ...maskLine(shape, around),
    ...duplicateLine(shape),
  ];
}

/** What the erase key does to it; empty = nothing. */
export function eraseVerb(shape: Shape | null): string {
  switch (shape?.state) {
    case 'person': return 'Delete';
    case 'kept': return shape.source === 'baseline' ? 'Delete' : 'Reject';
    case 'rejected': return 'Take back';
    default: return '';
  }
}

function duplicateLine({ duplicates: { length } }: Shape): string[] {
  if (length === 0) return [];
  return [`${length === 1 ? 'Another box replaces' : `${length} other boxes replace`} the same prediction. Keep one of them.`];
}

const CHANGED = { class: 'class changed', box: 'moved or resized', other: 'changed' } as const;

function changedBy({ edited }: Shape, { nameOf, now }: Surroundings): string[] {
  return edited ? [`${CHANGED[edited.what]} by ${nameOf(edited.by)}, ${since(edited.at, now)}`] : [];
}

function predictionLines(shape: Shape, name: string, { model, nameOf, now }: Surroundings): string[] {
  const given = shape.source === 'baseline';
  const found = given ? `${name}, a label that the picture came with` : `${name}, found by ${model ?? 'the baseline'}, ${scoreText(shape.score ?? 0)}`;
  if (shape.state === 'rejected') return [found, `${given ? 'deleted' : 'rejected'} by ${nameOf(shape.by)}, ${since(shape.at ?? now, now)}`];
  return [found, shape.unsure ? 'unsure: look twice' : 'kept unless you change it'];
}

function replaced(shape: Shape, { derived, classes }: Surroundings): string[] {
  const ghosts = (shape.of ?? []).map((id) => derived?.byId.get(id)).filter((g): g is Shape => g !== undefined);
  const [first] = ghosts;
  if (!first) return [];
  if (first.source === 'baseline') return [`replaces ${ghosts.length === 1 ? 'a label' : `${ghosts.length} labels`} that the picture came with (${classOf(classes, first.class).name}${ghosts.length === 1 ? '' : ', …'})`];
  const one = `${classOf(classes, first.class).name} ${scoreText(first.score ?? 0)}`;
  return [ghosts.length === 1 ? `replaces a prediction (${one})` : `replaces ${ghosts.length} predictions (${one}, …)`];
}

function maskLine(shape: Shape, { maskWork, segmenting }: Surroundings): string[] {
  const work = maskWork.get(shape.id);
  if (shape.mask && shape.awaits && work === 'working') return ['mask is being mended…'];
  if (shape.kind === 'freeform') return ['outline by hand: no model changes it'];
  if (shape.mask) return [`mask: ${shape.maskModel ?? 'of the prediction'}, ${scoreText(shape.maskScore ?? 0)}`];
  if (work === 'working') return ['mask is being made…'];
  if (work === 'failed') return ['no mask could be made; the box counts'];
  return segmenting ? ['no mask yet'] : [];
}

/** Why the room takes no more. What can be done about a submitted image say the buttons beside it: the server's words are for all who ask. */
export function closedWords({ code, message }: Problem): string {
  return code === 'conflict' ? 'This image has been submitted, so it takes no more edits.' : message;
}

/** "now", "3 s ago", "8 min ago". */
export function since(then: number, now: number): string {
  const seconds = Math.floor((now - then) / 1000);
  if (seconds < 1) return 'now';
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)} h ago` : `${Math.floor(seconds / 86_400)} d ago`;
}
