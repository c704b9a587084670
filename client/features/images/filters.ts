import type { Static } from 'typebox';
import { Value } from 'typebox/value';
import { ImageQuery, SKIP_REASONS, type ImageCard } from '#core/api/image.ts';
import type { LocationQuery, LocationQueryRaw } from 'vue-router';

/** What the address bar holds of the grid. Values that the server would refuse are dropped: an old link still shows something. */
export type Filters = Omit<Static<typeof ImageQuery>, 'after' | 'limit' | 'ids'>;
const KEYS = ['status', 'split', 'like', 'pick', 'class', 'text', 'flagged', 'review', 'skipped', 'sort'] as const;

export function filtersOf(query: LocationQuery): Filters {
  const filters: Record<string, unknown> = {};
  for (const key of KEYS) {
    const raw = query[key];
    const text = Array.isArray(raw) ? raw[0] : raw;
    if (text === undefined || text === null || text === '') continue;
    const value = key === 'class' ? Number(text) : key === 'flagged' ? text === 'true' : text;
    if (Value.Check(ImageQuery.properties[key], value)) filters[key] = value;
  }
  return Value.Check(ImageQuery, filters) ? filters : {};
}

/** The filters as a query, in a fixed order; others of the present query (such as an opened image) are kept. */
export function queryOf(filters: Filters, present: LocationQuery = {}): LocationQueryRaw {
  const query: LocationQueryRaw = { ...present };
  for (const key of KEYS) {
    const value = filters[key];
    if (value === undefined || value === '') delete query[key];
    else query[key] = String(value);
  }
  return query;
}

export function withFilter<K extends keyof Filters>(filters: Filters, key: K, value: Filters[K] | undefined): Filters {
  const next = { ...filters };
  if (value === undefined || value === '') delete next[key];
  else next[key] = value;
  return next;
}

export const STATUSES = [
  { value: 'predicted', label: 'to correct' }, { value: 'corrected', label: 'corrected' }, { value: 'ok', label: 'ok' }, { value: 'skipped', label: 'skipped' },
  { value: 'new', label: 'not predicted' }, { value: 'baseline', label: 'baseline' },
] as const;

export const REVIEWS = [{ value: 'queued', label: 'to review' }, { value: 'returned', label: 'sent back' }, { value: 'accepted', label: 'accepted' }] as const;

/** Skipped images by their reason, in the one list of what is asked of an image's second look. */
export const SKIPS = SKIP_REASONS.map((reason) => ({ value: reason, label: `skipped: ${reason}` }));

/** What a person said of an image, or wants of it, in a few words; nothing is an empty text. */
export function marksOf(image: Pick<ImageCard, 'review' | 'skipReason' | 'flagNote' | 'flagged'>): string {
  if (image.skipReason !== null) return `skipped: ${image.skipReason}`;
  if (image.review === 'returned') return 'sent back';
  if (image.flagged && image.flagNote !== null) return image.flagNote;
  return image.review === 'queued' ? 'to review' : '';
}
