import type { Overview } from '#core/api/project.ts';
import { counted, signed } from '../../ui/words.ts';

/** One sentence under the chart: what the last round brought, or what is needed before that can be said. */
export function payoffWords(overview: Pick<Overview, 'history' | 'loop'>): { before: string; figure: string; after: string; tone: 'ok' | 'bad' | 'plain' } {
  const measured = overview.history.filter((row) => row.map !== null);
  const last = measured.at(-1)?.map ?? null;
  const former = measured.at(-2)?.map ?? null;
  if (last === null) return { before: 'Not measured yet. The first training run evaluates the present model and the new one on the same split.', figure: '', after: '', tone: 'plain' };
  if (former === null) {
    const done = overview.loop.unfrozen;
    return { before: done > 0 ? `${counted(done, 'corrected image')} wait for the next version; training on it adds the second point.` : 'The starting point. Each promoted model adds a point.', figure: '', after: '', tone: 'plain' };
  }
  const gain = last - former;
  return { before: 'The last promoted model brought ', figure: `${signed(gain)} mAP50-95`, after: ' on the frozen validation split.', tone: gain > 0 ? 'ok' : gain < 0 ? 'bad' : 'plain' };
}

type Errors = Overview['errors'][number];
export const ERROR_KINDS = [
  { key: 'missed', label: 'Missed' }, { key: 'false', label: 'False' }, { key: 'wrongClass', label: 'Wrong class' }, { key: 'badlyPlaced', label: 'Badly placed' }, { key: 'duplicate', label: 'Double' },
] as const;

/** Share of a class's instances with this error, 0..1; 0 where nothing was seen. */
export function errorShare(row: Errors, kind: (typeof ERROR_KINDS)[number]['key']): number {
  return row.total > 0 ? row[kind] / row.total : 0;
}
