/** What the ranking reads and writes. A connection of its own (pg, no ORM): it runs in a thread, and a hundred thousand rows are all numbers. */
import type pg from 'pg';
import { Type, type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { Value } from 'typebox/value';
import { ModelMetrics } from '#core/api/model.ts';
import { DEFAULT_SETTINGS, ProjectSettings } from '#core/api/project.ts';
import { BoxSchema } from '#core/geometry/box.ts';
import type { ClassRecord } from '#core/next/difficulty.ts';
import { decodeBrief } from '#core/next/brief.ts';
import { FRONT } from '#core/next/front.ts';
import type { Found } from '#core/next/queue.ts';
import { eachRow } from '../../database/cursor.ts';

const PAGE = 5000;

export interface Scene {
  settings: ProjectSettings;
  names: string[];
  classes: ClassRecord[];
  modelId: string | null;
  /** The model that was current before; null = there was none. */
  formerId: string | null;
}

export interface WaitingRow {
  imageId: string;
  sha256: string;
  thumbSha256: string;
}

const Errors = Type.Object({ errors: Type.Array(Type.Object({ classIndex: Type.Integer(), missed: Type.Integer(), false: Type.Integer(), wrongClass: Type.Integer(), badlyPlaced: Type.Integer(), total: Type.Integer() })) });

/** null = there is no such project any more. */
export async function readScene(client: pg.Client, projectId: string): Promise<Scene | null> {
  const { rows: [project] } = await client.query<{ settings: object; currentModelId: string | null; metrics: unknown; report: unknown; formerId: string | null }>(
    `SELECT p.settings, p."currentModelId", m.metrics,
      (SELECT report FROM "Iteration" WHERE "projectId" = p.id AND report IS NOT NULL ORDER BY number DESC LIMIT 1) AS report,
      (SELECT "modelId" FROM "Promotion" WHERE "projectId" = p.id AND "modelId" <> p."currentModelId" ORDER BY "createdAt" DESC LIMIT 1) AS "formerId"
    FROM "Project" p LEFT JOIN "ModelVersion" m ON m.id = p."currentModelId" WHERE p.id = $1`, [projectId]);
  if (!project) return null;
  const { rows } = await client.query<{ index: number; name: string; retired: boolean }>('SELECT index, name, "retiredAt" IS NOT NULL AS retired FROM "ProjectClass" WHERE "projectId" = $1 ORDER BY index', [projectId]);
  const settings = { ...DEFAULT_SETTINGS, ...project.settings };
  const metrics = Value.Check(ModelMetrics, project.metrics) ? project.metrics.perClass : [];
  const errors = Value.Check(Errors, project.report) ? project.report.errors : [];
  const size = Math.max(0, ...rows.map((row) => row.index + 1));
  return {
    settings: Value.Check(ProjectSettings, settings) ? settings : DEFAULT_SETTINGS,
    names: Array.from({ length: size }, (_, index) => rows.find((row) => row.index === index)?.name ?? ''),
    classes: Array.from({ length: size }, (_, index) => record(rows.find((row) => row.index === index), metrics.find((m) => m.classIndex === index), errors.find((e) => e.classIndex === index))),
    modelId: project.currentModelId, formerId: project.formerId,
  };
}

function record(row: { retired: boolean } | undefined, measured: ModelMetrics['perClass'][number] | undefined, errors: Static<typeof Errors>['errors'][number] | undefined): ClassRecord {
  return {
    retired: row?.retired ?? true, map50: measured?.map50 ?? null, measuredOn: measured?.instances ?? 0,
    judged: errors?.total ?? 0, wrong: errors ? errors.missed + errors.false + errors.wrongClass + errors.badlyPlaced : 0,
  };
}

/** Images with a task that nobody has in hand, in the order of import. */
export async function readWaiting(client: pg.Client, projectId: string): Promise<WaitingRow[]> {
  const { rows } = await client.query<WaitingRow>(
    `SELECT i.id AS "imageId", i.sha256, i."thumbSha256" FROM "Image" i
    WHERE i."projectId" = $1 AND EXISTS (SELECT 1 FROM "Task" t WHERE t."imageId" = i.id AND t.state = 'pending') ORDER BY i."createdAt", i.id`, [projectId]);
  return rows;
}

const numbers = Compile(Type.Array(Type.Number()));
const boxList = Compile(Type.Array(BoxSchema));

/** What the person will be shown (the task's own prediction set), as columns. */
export function readFound(client: pg.Client, projectId: string, boxes: boolean, each: (imageId: string, found: Found) => void): Promise<void> {
  return eachRow<Row>(client, `SELECT p."imageId", ${boxes ? WITH_BOXES : BRIEF} FROM "PredictionSet" p
    WHERE p.id IN (SELECT t."predictionSetId" FROM "Task" t WHERE t."projectId" = $1 AND t.state = 'pending')`, [projectId], (row) => { each(row.imageId, toFound(row)); });
}

/** The same of another model. */
export function readFormer(client: pg.Client, projectId: string, modelId: string, each: (imageId: string, found: Found) => void): Promise<void> {
  return eachRow<Row>(client, `SELECT p."imageId", ${WITH_BOXES} FROM "PredictionSet" p
    WHERE p."modelId" = $2 AND p."imageId" IN (SELECT t."imageId" FROM "Task" t WHERE t."projectId" = $1 AND t.state = 'pending')`, [projectId, modelId], (row) => { each(row.imageId, toFound(row)); });
}

/** Of one image: the columns of a prediction set, or a vector. */
interface Row { imageId: string; brief?: Buffer | null; classes?: unknown; scores?: unknown; boxes?: unknown; values?: Buffer }

// Masks are most of a set and say nothing here. Unpacking them is most of the work too, so it is left to comparisons, which need boxes, and to old sets.
const column = (name: string): string => `jsonb_path_query_array(p.instances, '$[*].${name}')`;
const WITH_BOXES = `NULL AS brief, ${column('class')} AS classes, ${column('score')} AS scores, ${column('box')} AS boxes`;
const BRIEF = `p.brief, CASE WHEN p.brief IS NULL THEN ${column('class')} END AS classes, CASE WHEN p.brief IS NULL THEN ${column('score')} END AS scores, NULL AS boxes`;

function toFound({ brief, classes, scores, boxes }: Row): Found {
  if (brief) return decodeBrief(brief);
  return { classes: numbers.Check(classes) ? classes : [], scores: numbers.Check(scores) ? scores : [], boxes: boxList.Check(boxes) ? boxes : [] };
}

/** Stored vectors of the waiting images by one model, as little-endian float32. */
export function readVectors(client: pg.Client, projectId: string, modelId: string, each: (imageId: string, values: Buffer) => void): Promise<void> {
  return eachRow<Row>(client, `SELECT f."imageId", f.values FROM "FeatureVector" f
    WHERE f."modelId" = $1 AND f."imageId" IN (SELECT t."imageId" FROM "Task" t WHERE t."projectId" = $2 AND t.state = 'pending')`, [modelId, projectId], (row) => { if (row.values) each(row.imageId, row.values); });
}

const LABELLED = `(EXISTS (SELECT 1 FROM "Revision" r WHERE r."imageId" = i.id) OR EXISTS (SELECT 1 FROM "BaselineLabel" b WHERE b."imageId" = i.id))`;

/** Vectors of labelled images, `limit` at most: the same ones every time. */
export async function readLabelledVectors(client: pg.Client, projectId: string, modelId: string, limit: number): Promise<Buffer[]> {
  const { rows } = await client.query<{ values: Buffer }>(
    `SELECT f.values FROM "Image" i JOIN "FeatureVector" f ON f."imageId" = i.id AND f."modelId" = $2 WHERE i."projectId" = $1 AND NOT i.excluded AND ${LABELLED} ORDER BY i.sha256 LIMIT $3`, [projectId, modelId, limit]);
  return rows.map((row) => row.values);
}

/** Thumbnails of labelled images, `limit` at most. */
export async function readLabelledThumbs(client: pg.Client, projectId: string, limit: number): Promise<string[]> {
  const { rows } = await client.query<{ thumbSha256: string }>(`SELECT i."thumbSha256" FROM "Image" i WHERE i."projectId" = $1 AND NOT i.excluded AND ${LABELLED} ORDER BY i.sha256 LIMIT $2`, [projectId, limit]);
  return rows.map((row) => row.thumbSha256);
}

export interface Place {
  imageId: string;
  priority: number;
  reason: string;
}

/** PostgreSQL's codes for a lock that did not come in time, and for a deadlock. */
const LOCKED: ReadonlySet<unknown> = new Set(['55P03', '40P01']);
/** What a person put in front keeps its place and its words (core/next/front.ts). */
const CHANGED = `t.priority < ${FRONT} AND (t.priority IS DISTINCT FROM u.priority OR t.reason IS DISTINCT FROM u.reason)`;
const PLACES = 'unnest($2::text[], $3::float8[], $4::text[]) AS u("imageId", priority, reason)';
const WRITE = `UPDATE "Task" t SET priority = u.priority, reason = u.reason FROM ${PLACES} WHERE t."imageId" = u."imageId" AND t."projectId" = $1 AND t.state = 'pending' AND ${CHANGED}`;
/** Twice the work, since every row is locked first. */
const WRITE_AROUND = `UPDATE "Task" x SET priority = free.priority, reason = free.reason FROM (
  SELECT t.id, u.priority, u.reason FROM ${PLACES} JOIN "Task" t ON t."imageId" = u."imageId" WHERE t."projectId" = $1 AND t.state = 'pending' AND ${CHANGED} FOR UPDATE OF t SKIP LOCKED
) free WHERE x.id = free.id`;

/**
 * Writes the places of tasks that nobody has in hand, both copies of an image the same; returns how many changed. A row that somebody holds at this
 * moment is on its way into a hand: where one is in the way, its page is written around it. Places in the order of import are fastest, since the rows
 * lie in that order.
 */
export async function writePlaces(client: pg.Client, projectId: string, places: readonly Place[]): Promise<number> {
  // Nothing is lost that could not be worked out again: no need to wait for the disk at each page.
  await client.query(`SET synchronous_commit = off; SET lock_timeout = '50ms'`);
  let changed = 0;
  for (let at = 0; at < places.length; at += PAGE) {
    const part = places.slice(at, at + PAGE);
    const values = [projectId, part.map((p) => p.imageId), part.map((p) => p.priority), part.map((p) => p.reason)];
    const { rowCount } = await client.query(WRITE, values).catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && LOCKED.has(error.code))) throw error;
      return client.query(WRITE_AROUND, values);
    });
    changed += rowCount ?? 0;
  }
  return changed;
}
