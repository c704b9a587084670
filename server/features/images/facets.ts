/** What the map colours its points by: of many images at once, as few numbers each. */
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { decodeBrief } from '#core/next/brief.ts';
import { inFront } from '#core/next/front.ts';
import { uncertainty } from '#core/next/uncertainty.ts';
import type { Found } from '#core/next/queue.ts';
import { Prisma, type PrismaClient } from '#prisma';
import { breather } from '../../breather.ts';
import { cards, type Grid } from './grid.ts';

/** Images per statement: a hundred thousand in one would hold up everybody else while their rows are read. */
const CHUNK = 2000;

export interface Facets {
  id: string;
  status: string;
  split: string;
  excluded: boolean;
  group: string | null;
  /** Of most labels, else of most predictions at or above the threshold; the lower one of two; null = none. */
  class: number | null;
  /** 0…1; null = the model has not looked, or found nothing. */
  unsure: number | null;
  waiting: boolean;
  front: boolean;
}

interface Row { id: string; status: string; split: string; excluded: boolean; groupId: string | null; labelled: number | null; brief: Uint8Array | null; old: unknown; priority: number | null }
const Old = Type.Array(Type.Tuple([Type.Number(), Type.Number()]));

/** Calls back for each of the images that there are; pauses for the rest of the server. `classes`: indices of those that are in use. */
export async function facetsOf(db: PrismaClient, grid: Grid, classes: readonly number[], ids: readonly string[], each: (facets: Facets) => void): Promise<void> {
  const weights: number[] = [];
  for (const index of classes) weights[index] = 1;
  const rules = { threshold: grid.threshold, weights: Array.from(weights, (weight) => weight ?? 0) };
  const breathe = breather();
  for (let at = 0; at < ids.length; at += CHUNK) {
    for (const row of await readRows(db, grid, ids.slice(at, at + CHUNK))) {
      each(toFacets(row, rules));
      await breathe();
    }
  }
}

function readRows(db: PrismaClient, grid: Grid, ids: readonly string[]): Promise<Row[]> {
  // Of a set that is older than its brief the classes and scores are unpacked here.
  return db.$queryRaw<Row[]>`
    SELECT c.id, c.status, c.split, c.excluded, c."groupId", c.brief,
      CASE WHEN c.status IN ('ok', 'corrected', 'baseline') THEN (SELECT mode() WITHIN GROUP (ORDER BY (e->>'class')::int) FROM jsonb_array_elements(c.labels) e) END AS labelled,
      CASE WHEN c.brief IS NULL AND c."setId" IS NOT NULL THEN (SELECT jsonb_agg(jsonb_build_array(e->'class', e->'score')) FROM "PredictionSet" p, jsonb_array_elements(p.instances) e WHERE p.id = c."setId") END AS old,
      (SELECT max(priority) FROM "Task" t WHERE t."imageId" = c.id AND t.state = 'pending') AS priority
    FROM (${cards(grid)} AND i.id IN (${Prisma.join([...ids])})) c`;
}

function toFacets(row: Row, rules: { threshold: number; weights: number[] }): Facets {
  const found = foundOf(row);
  const { id, status, split, excluded, groupId: group, labelled, priority } = row;
  return {
    id, status, split, excluded, group, unsure: found === null ? null : uncertainty(found, rules),
    class: status === 'predicted' && found !== null ? mostOf(found, rules.threshold) : labelled,
    waiting: priority !== null, front: priority !== null && inFront(priority),
  };
}

function foundOf({ brief, old }: Row): Found | null {
  if (brief !== null) return decodeBrief(brief);
  return Value.Check(Old, old) ? { classes: old.map(([index]) => index), scores: old.map(([, score]) => score), boxes: [] } : null;
}

function mostOf({ classes, scores }: Found, threshold: number): number | null {
  const counts = new Map<number, number>();
  for (const [i, index] of classes.entries()) if ((scores[i] ?? 0) >= threshold) counts.set(index, (counts.get(index) ?? 0) + 1);
  const [best] = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  return best?.[0] ?? null;
}
