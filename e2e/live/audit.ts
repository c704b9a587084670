/** What must hold of a database after any crash, read past the server: whole versions, whole models, one current model, and nothing that hangs. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import type pg from 'pg';
import { InstanceSchema } from '#core/annotation/schema.ts';
import { labelsText, makeManifest, manifestText } from '#core/dataset/manifest.ts';
import type { Emend } from '../harness/emend.ts';
import { connectTo } from './database.ts';

const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');
const Split = Type.Union([Type.Literal('train'), Type.Literal('valid'), Type.Literal('test')]);
const Source = Type.Union([Type.Literal('baseline'), Type.Literal('revision'), Type.Literal('pseudo')]);

/** Sentences of what is wrong; none = all is well. */
export async function audit(emend: Emend): Promise<string[]> {
  const db = await connectTo(emend);
  try {
    const found = [await versions(db), await files(db, emend.dataDir), await models(db), await runs(db), await jobs(db), await tasks(db)];
    return found.flat();
  } finally {
    await db.end();
  }
}

interface Version { id: string; projectId: string; task: string; number: number; parent: number | null; hash: string; classes: string[]; images: number; instances: number }

async function versions(db: pg.Client): Promise<string[]> {
  const { rows } = await db.query<Version>(`
    SELECT v.id, v."projectId", p.task, v.number, o.number AS parent, v.hash, v.classes, (v.stats->>'images')::int AS images, (v.stats->>'instances')::int AS instances
    FROM "DatasetVersion" v JOIN "Project" p ON p.id = v."projectId" LEFT JOIN "DatasetVersion" o ON o.id = v."parentId" ORDER BY v."projectId", v.number`);
  const wrong = gaps('version', rows);
  for (const row of rows) {
    if (row.parent !== (row.number === 1 ? null : row.number - 1)) wrong.push(`version ${row.number} has version ${String(row.parent)} as its parent`);
    wrong.push(...(await content(db, row)));
  }
  return wrong;
}

interface Item { sha256: string; width: number; height: number; split: string; source: string; labelsHash: string; instances: unknown }

/** The hash is that of the manifest, and the manifest's hashes are those of the labels that are there. */
async function content(db: pg.Client, version: Version): Promise<string[]> {
  const { rows } = await db.query<Item>('SELECT i.sha256, i.width, i.height, d.split, d.source, d."labelsHash", d.instances FROM "DatasetItem" d JOIN "Image" i ON i.id = d."imageId" WHERE d."datasetVersionId" = $1', [version.id]);
  const wrong: string[] = [];
  let labels = 0;
  const manifest = rows.map(({ split, source, labelsHash, instances, ...image }) => {
    const read = Value.Parse(Type.Array(InstanceSchema), instances);
    labels += read.length;
    if (sha256(labelsText(read)) !== labelsHash) wrong.push(`labels of version ${version.number} do not have their hash`);
    return { image: image.sha256, width: image.width, height: image.height, split: Value.Parse(Split, split), source: Value.Parse(Source, source), labels: labelsHash };
  });
  if (rows.length !== version.images || labels !== version.instances) wrong.push(`version ${version.number} has ${rows.length} images and ${labels} labels instead of ${version.images} and ${version.instances}`);
  if (sha256(manifestText(makeManifest(version.task, version.classes, manifest))) !== version.hash) wrong.push(`version ${version.number} does not have its hash`);
  return wrong;
}

/** Every file that a row names is there, with all of its bytes. */
async function files(db: pg.Client, dataDir: string): Promise<string[]> {
  const { rows } = await db.query<{ sha256: string; what: string }>(`
    SELECT sha256, 'image' AS what FROM "Image" UNION SELECT "onnxSha256", 'model' FROM "ModelVersion" WHERE "onnxSha256" IS NOT NULL
    UNION SELECT "ptSha256", 'weights' FROM "ModelVersion" WHERE "ptSha256" IS NOT NULL UNION SELECT sha256, 'evaluation' FROM "Evaluation"`);
  const wrong = await Promise.all(rows.map(async ({ sha256: name, what }) => {
    const bytes = await readFile(join(dataDir, 'blobs', name.slice(0, 2), name.slice(2))).catch(() => null);
    return bytes !== null && sha256(bytes) === name ? [] : [`the file of a stored ${what} is ${bytes === null ? 'missing' : 'not whole'}`];
  }));
  return wrong.flat();
}

/** One current model, the one that was promoted last; one open iteration, on it; and a model of a run has what it was measured at. */
async function models(db: pg.Client): Promise<string[]> {
  const { rows: numbered } = await db.query<{ projectId: string; number: number }>('SELECT "projectId", number FROM "ModelVersion" ORDER BY "projectId", number');
  const { rows: iterations } = await db.query<{ projectId: string; number: number }>('SELECT "projectId", number FROM "Iteration" ORDER BY "projectId", number');
  const { rows: current } = await db.query<{ name: string; current: string | null; promoted: string | null; open: number; model: string | null }>(`
    SELECT p.name, p."currentModelId" AS current, (SELECT q."modelId" FROM "Promotion" q WHERE q."projectId" = p.id ORDER BY q."createdAt" DESC LIMIT 1) AS promoted,
      (SELECT count(*)::int FROM "Iteration" i WHERE i."projectId" = p.id AND i."endedAt" IS NULL) AS open,
      (SELECT i."modelId" FROM "Iteration" i WHERE i."projectId" = p.id AND i."endedAt" IS NULL LIMIT 1) AS model FROM "Project" p`);
  const { rows: unmeasured } = await db.query<{ name: string }>(`
    SELECT m.name FROM "ModelVersion" m LEFT JOIN "TrainingRun" r ON r.id = m."runId" WHERE m.origin = 'trained' AND (r.id IS NULL OR r.state <> 'done' OR r.gate IS NULL
      OR m."onnxSha256" IS NULL OR m."ptSha256" IS NULL OR NOT EXISTS (SELECT 1 FROM "Evaluation" e WHERE e."modelId" = m.id AND e."datasetVersionId" = r."datasetVersionId"))`);
  return [
    ...gaps('model', numbered), ...gaps('iteration', iterations), ...unmeasured.map(({ name }) => `the model of ${name} is half made`),
    ...current.flatMap((p) => [
      ...(p.current === p.promoted ? [] : [`the current model of ${p.name} is not the one that was promoted last`]),
      ...(p.open === 1 ? [] : [`${p.name} has ${p.open} open iterations`]),
      ...(p.current === null || p.model === p.current ? [] : [`the open iteration of ${p.name} is not on its current model`]),
    ]),
  ];
}

/** Finished, resumable, or failed with a reason. */
async function runs(db: pg.Client): Promise<string[]> {
  const { rows } = await db.query<{ number: number; state: string; error: string | null; gate: unknown; model: string | null; epochs: number; told: number | null }>(`
    SELECT r.number, r.state, r.error, r.gate, m.id AS model, (r.config->>'epochs')::int AS epochs,
      (SELECT max((e.data->>'epoch')::int) FROM "RunEvent" e WHERE e."runId" = r.id AND e.kind = 'epoch') AS told
    FROM "TrainingRun" r LEFT JOIN "ModelVersion" m ON m."runId" = r.id`);
  return rows.flatMap((r) => {
    if (r.state === 'done') return r.gate !== null && r.model !== null && r.told === r.epochs ? [] : [`run ${r.number} is called done after epoch ${String(r.told)} of ${r.epochs}`];
    if (r.state === 'failed') return r.error ? [] : [`run ${r.number} failed without a reason`];
    return ['paused', 'cancelled'].includes(r.state) ? [] : [`run ${r.number} hangs in the state ${r.state}`];
  });
}

async function jobs(db: pg.Client): Promise<string[]> {
  const { rows } = await db.query<{ kind: string; state: string }>(`SELECT kind, state FROM "Job" WHERE state NOT IN ('done', 'failed', 'cancelled') OR (state = 'failed' AND error IS NULL)`);
  return rows.map(({ kind, state }) => `a job (${kind}) is ${state}`);
}

/** What waits has one task in the open iteration, with what the current model found. */
async function tasks(db: pg.Client): Promise<string[]> {
  const { rows } = await db.query<{ project: string; name: string; open: number; own: number }>(`
    SELECT p.name AS project, i.name, count(t.id)::int AS open, count(t.id) FILTER (WHERE o."endedAt" IS NULL AND s."modelId" = p."currentModelId")::int AS own
    FROM "Image" i JOIN "Project" p ON p.id = i."projectId" AND p."currentModelId" IS NOT NULL
      LEFT JOIN "Task" t ON t."imageId" = i.id AND t.state IN ('pending', 'assigned') LEFT JOIN "Iteration" o ON o.id = t."iterationId" LEFT JOIN "PredictionSet" s ON s.id = t."predictionSetId"
    WHERE NOT i.excluded AND NOT EXISTS (SELECT 1 FROM "BaselineLabel" b WHERE b."imageId" = i.id) AND NOT EXISTS (SELECT 1 FROM "Revision" r WHERE r."imageId" = i.id)
    GROUP BY p.name, i.id, i.name HAVING count(t.id) <> 1 OR count(t.id) FILTER (WHERE o."endedAt" IS NULL AND s."modelId" = p."currentModelId") <> 1`);
  return rows.map((r) => `${r.name} of ${r.project} has ${r.open} open tasks, ${r.own} of them with predictions of the current model`);
}

/** Numbers 1, 2, 3 … in each project, in this order. */
function gaps(what: string, rows: readonly { projectId: string; number: number }[]): string[] {
  return rows.flatMap(({ projectId, number }, i) => {
    const before = rows[i - 1];
    const expected = before?.projectId === projectId ? before.number + 1 : 1;
    return number === expected ? [] : [`${what} ${number} stands where ${what} ${expected} belongs`];
  });
}
