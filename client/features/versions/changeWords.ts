import type { ObjectChangeDto, VersionDiff } from '#core/api/dataset.ts';
import { CHANGE_KINDS, type ChangeKind } from '#core/dataset/diff.ts';

export interface Tone { readonly kind: ChangeKind; readonly label: string; readonly tone: 'ok' | 'bad' | 'accent' | 'warn' }
const TONES: Readonly<Record<ChangeKind, Tone['tone']>> = { added: 'ok', removed: 'bad', moved: 'accent', relabelled: 'warn', reshaped: 'accent' };
export const TONE_OF = (kind: ChangeKind): Tone['tone'] => TONES[kind];

/** The kinds that occur, with their counts, for the filter above the list. */
export function kindsOf(diff: VersionDiff): { kind: ChangeKind; count: number }[] {
  return CHANGE_KINDS.map((kind) => ({ kind, count: diff.objects[kind] })).filter((k) => k.count > 0);
}

/** What happened to one object, for its line: "Void → Chip", "box IoU 0.82", "new mask, IoU 0.91". */
export function changeWords(change: ObjectChangeDto, nameOf: (index: number) => string): string {
  const { before, after, kinds, iou, maskIou } = change;
  if (!before || !after) return nameOf((after ?? before)?.class ?? 0);
  const parts = [before.class === after.class ? nameOf(after.class) : `${nameOf(before.class)} → ${nameOf(after.class)}`];
  if (kinds.includes('moved') && iou !== null) parts.push(`box IoU ${iou.toFixed(2)}`);
  if (kinds.includes('reshaped')) parts.push(maskIou === null ? (after.mask ? 'got a mask' : 'lost its mask') : `mask IoU ${maskIou.toFixed(2)}`);
  return parts.join(' · ');
}
