/** Imports from creation to end: states, jobs, answers. */
import { Value } from 'typebox/value';
import { ImportOptions, ImportPlan, type ImportDto } from '#core/api/import.ts';
import { EmendError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import { Prisma, type Import, type PrismaClient } from '#prisma';
import type { Config } from '../../config.ts';
import type { Blobs, Bus, JobHandle, Jobs } from '../../context.ts';
import { countLabelled, groupUpload } from '../splits/index.ts';
import { applyDraft } from './apply.ts';
import { unpack, type ZipLimits } from './archive.ts';
import { UploadArea, type AreaEntry } from './area.ts';
import { Draft } from './draft.ts';
import { makePlan } from './plan.ts';
import { Problems } from './problems.ts';

export interface Parts { db: PrismaClient; blobs: Blobs; bus: Bus; jobs: Jobs; config: Config }

type State = ImportDto['state'];
const STATES: readonly State[] = ['open', 'planning', 'planned', 'applying', 'applied', 'failed', 'cancelled'];

export async function create({ db, config }: Parts, projectId: string, createdBy: string): Promise<ImportDto> {
  const row = await db.import.create({ data: { id: newId(), projectId, state: 'open', createdBy } });
  await new UploadArea(config.dataDir, row.id).open();
  return read({ db, config }, row.id);
}

export async function read({ db, config }: Pick<Parts, 'db' | 'config'>, id: string): Promise<ImportDto> {
  const row = await find(db, id);
  const { files } = await new UploadArea(config.dataDir, id).list();
  const job = await db.job.findFirst({ where: { subjectId: id, kind: 'import' }, orderBy: { createdAt: 'desc' }, select: { id: true } });
  const plan = Value.Check(ImportPlan, row.plan) ? row.plan : null;
  return {
    id, projectId: row.projectId, state: stateOf(row), files: files.length, bytes: files.length ? files.reduce((sum, f) => sum + f.bytes, 0) : (plan?.bytes ?? 0),
    plan, options: optionsOf(row), error: row.error, jobId: job?.id ?? null, createdAt: row.createdAt.toISOString(),
  };
}

export async function list(parts: Parts, projectId: string): Promise<ImportDto[]> {
  const rows = await parts.db.import.findMany({ where: { projectId }, orderBy: { createdAt: 'desc' }, take: 50, select: { id: true } });
  return Promise.all(rows.map((row) => read(parts, row.id)));
}

/** Files may be added in these; a plan that was made before is void then. */
const TAKES_FILES: readonly State[] = ['open', 'planned', 'failed'];
const VOID = 'Files were added after the plan was made, so it no longer holds.';

/** Files may be added until the import is applied. */
export async function openForFiles({ db, config }: Parts, id: string): Promise<UploadArea> {
  const row = await find(db, id);
  if (!TAKES_FILES.includes(stateOf(row))) throw closed(row.state);
  const area = new UploadArea(config.dataDir, id);
  await area.open();
  return area;
}

function closed(state: string): EmendError {
  return new EmendError('conflict', `This import is ${state}; no more files can be added. Nothing was stored; start a new import.`);
}

/**
 * Makes a stored file part of the upload. The import's row is held meanwhile, and every change of its state goes through that row: so no plan can be made or
 * applied beside it, and a plan without this file never stays. A file that comes too late is thrown away, and whoever sent it is told.
 */
export async function admit({ db }: Pick<Parts, 'db'>, id: string, area: UploadArea, entry: AreaEntry): Promise<void> {
  try {
    await db.$transaction(async (tx) => {
      const [row] = await tx.$queryRaw<{ state: string }[]>`SELECT state FROM "Import" WHERE id = ${id} FOR UPDATE`;
      const state = TAKES_FILES.find((one) => one === row?.state);
      if (state === undefined) throw closed(row?.state ?? 'gone');
      if (state !== 'open') await tx.import.update({ where: { id }, data: { state: 'open', plan: Prisma.DbNull, error: VOID } });
      await area.index([entry]);
    });
  } catch (error) {
    await area.discard([entry]);
    throw error;
  }
}

export async function startPlan(parts: Parts, id: string, options: ImportOptions, personId: string | undefined): Promise<ImportDto> {
  const { window } = options;
  if (window && window.low >= window.high) throw new EmendError('invalid', `Black (${window.low}) must lie below white (${window.high}). Nothing was planned; correct the window.`);
  await refuseUnknownClasses(parts, id, options);
  await move(parts.db, id, ['open', 'planned', 'failed'], 'planning', { options, error: null });
  return enqueue(parts, id, 'plan', 'Planning the import', personId, 'open');
}

export async function startApply(parts: Parts, id: string, personId: string | undefined): Promise<ImportDto> {
  const row = await find(parts.db, id);
  const plan = Value.Check(ImportPlan, row.plan) ? row.plan : null;
  if (row.state === 'applied') throw new EmendError('conflict', 'This import has been applied already. Nothing was done twice.');
  if (!plan) throw new EmendError('conflict', `${row.error === VOID ? VOID : 'This import has no plan yet.'} Nothing was written; plan it first.`);
  if (plan.questions.length > 0) throw new EmendError('conflict', `The plan has an open question: ${plan.questions[0]?.text ?? ''} Nothing was written; answer it first.`);
  if (plan.images.found === plan.images.broken) throw new EmendError('invalid', 'No picture of this import can be used, so nothing was written. Its plan lists why; send other files.');
  await move(parts.db, id, ['planned', 'failed'], 'applying', { error: null });
  return enqueue(parts, id, 'apply', 'Importing', personId, 'planned');
}

/** An answer that names no class of the project is a mistake, and must not become a new class in silence. */
async function refuseUnknownClasses({ db }: Parts, id: string, options: ImportOptions): Promise<void> {
  const { projectId } = await find(db, id);
  const known = new Set((await db.projectClass.findMany({ where: { projectId }, select: { index: true } })).map((c) => c.index));
  const [name, wrong] = Object.entries(options.classes ?? {}).find(([, target]) => typeof target === 'number' && !known.has(target)) ?? [];
  if (name !== undefined) throw new EmendError('invalid', `“${name.slice(0, 80)}” is to become class ${String(wrong)}, which this project does not have. Nothing was planned; name one of its classes, "new" or "skip".`);
}

async function enqueue(parts: Parts, id: string, phase: 'plan' | 'apply', message: string, personId: string | undefined, back: State): Promise<ImportDto> {
  const { projectId } = await find(parts.db, id);
  try {
    await parts.jobs.enqueue({ kind: 'import', projectId, data: { import: id, phase }, subjectId: id, message, singletonKey: `import:${id}`, ...(personId === undefined ? {} : { createdById: personId }) });
  } catch (error) {
    await parts.db.import.update({ where: { id }, data: { state: back } });
    throw error;
  }
  return read(parts, id);
}

/** Drops an import that was not applied, with its files. What an interrupted apply has brought in stays in the project. */
export async function drop(parts: Parts, id: string): Promise<void> {
  const row = await find(parts.db, id);
  if (row.state === 'applied') throw new EmendError('conflict', 'This import has been applied; its images are part of the project. Leave single images out of versions instead.');
  const running = await parts.db.job.findMany({ where: { subjectId: id, kind: 'import', state: { in: ['queued', 'running'] } }, select: { id: true } });
  for (const job of running) await parts.jobs.cancel(job.id);
  await parts.db.import.update({ where: { id }, data: { state: 'cancelled' } });
  await new UploadArea(parts.config.dataDir, id).remove();
}

/** Its job was cancelled before it began: what had come in stays, and it can be planned or applied again. */
export async function neverBegan({ db }: Pick<Parts, 'db'>, id: string): Promise<void> {
  for (const [under, back] of [['planning', 'open'], ['applying', 'planned']] as const) await db.import.updateMany({ where: { id, state: under }, data: { state: back } });
}

/** The handler of jobs of kind `import`. */
export async function work(parts: Parts, id: string, phase: 'plan' | 'apply', job: JobHandle): Promise<string> {
  try {
    return await (phase === 'plan' ? plan(parts, id, job) : apply(parts, id, job));
  } catch (error) {
    const row = await find(parts.db, id);
    // A stop of the server keeps the state: the job is delivered again.
    if (row.state === 'cancelled' || (job.signal.aborted && job.signal.reason !== 'cancelled')) throw error;
    const message = job.signal.aborted ? 'It was cancelled. What had come in stays; apply it again to go on.' : error instanceof EmendError ? error.message : 'Something went wrong on the server. Nothing is half-written; try again.';
    await parts.db.import.update({ where: { id }, data: { state: job.signal.aborted ? (phase === 'plan' ? 'open' : 'planned') : 'failed', error: message } });
    throw error;
  }
}

async function plan(parts: Parts, id: string, job: JobHandle): Promise<string> {
  const { db, config } = parts;
  const row = await find(db, id);
  if (row.state === 'cancelled') return 'It was cancelled';
  const area = new UploadArea(config.dataDir, id);
  const problems = new Problems();
  await unpackAll(area, problems, { entries: 200_000, bytes: config.maxUploadBytes * 2, ratio: 300 }, job);
  const project = await db.project.findUniqueOrThrow({ where: { id: row.projectId }, include: { classes: { orderBy: { index: 'asc' } } } });
  const { plan: made, draft } = await makePlan({
    area, files: (await area.list()).files, problems, options: optionsOf(row), maxPixels: config.maxPixels, signal: job.signal,
    project: { id: project.id, task: project.task === 'detect' ? 'detect' : 'segment', classes: project.classes.map((c) => ({ index: c.index, name: c.name, retired: c.retiredAt !== null })) },
    groups: (pictures) => groupUpload(db, row.projectId, pictures, job.signal),
    validated: (await countLabelled(db, row.projectId)).valid > 0,
    known: async (hashes) => new Set((await db.image.findMany({ where: { projectId: row.projectId, sha256: { in: [...hashes] } }, select: { sha256: true } })).map((i) => i.sha256)),
    progress: (done, total, message) => { job.progress(done, total, message); },
  });
  await area.saveDraft(draft);
  await move(db, id, ['planning'], 'planned', { plan: made, kind: made.kind });
  return `Planned: ${made.images.new} new images`;
}

/** Archives are unpacked once. Their problems are found again when the plan is made anew, from the archive's own list. */
async function unpackAll(area: UploadArea, problems: Problems, limits: ZipLimits, job: JobHandle): Promise<void> {
  const { files, unpacked } = await area.list();
  for (const archive of files.filter((f) => /\.zip$/i.test(f.path) && f.from === undefined && !unpacked.has(f.file))) {
    job.progress(0, null, `Unpacking ${archive.path}`);
    try {
      const { entries, problems: found } = await unpack(area, archive, limits, job.signal);
      await area.index(entries, archive.file);
      await area.note(archive.file, found);
    } catch (error) {
      if (!(error instanceof EmendError)) throw error;
      problems.add('error', 'zip-refused', archive.path, error.message);
    }
  }
  for (const problem of await area.notes()) problems.add(problem.level, problem.code, problem.file, problem.message, problem.line);
}

async function apply(parts: Parts, id: string, job: JobHandle): Promise<string> {
  const { db, config, blobs, bus } = parts;
  const row = await find(db, id);
  if (row.state === 'applied' || row.state === 'cancelled') return `It was ${row.state} already`;
  const area = new UploadArea(config.dataDir, id);
  const draft = Value.Parse(Draft, await area.readDraft());
  const tell = (): void => { bus.emit(row.projectId, { type: 'images' }); bus.emit(row.projectId, { type: 'loop' }); };
  const applied = await applyDraft({ db, blobs, maxPixels: config.maxPixels, area, importId: id, projectId: row.projectId, draft, job, onSome: tell });
  const text = `imported ${applied.images} images, ${applied.labelled} with labels${applied.failed ? `, ${applied.failed} left out because they are broken` : ''}`;
  await db.$transaction(async (tx) => {
    await tx.import.update({ where: { id }, data: { state: 'applied', appliedAt: new Date(), error: null } });
    await tx.activity.create({ data: { id: newId(), projectId: row.projectId, userId: row.createdBy, kind: 'imported', text } });
  });
  await area.remove();
  tell();
  bus.emit(row.projectId, { type: 'project' });
  bus.emit(row.projectId, { type: 'activity' });
  return `I${text.slice(1)}`;
}

async function find(db: PrismaClient, id: string): Promise<Import> {
  const row = await db.import.findUnique({ where: { id } });
  if (!row) throw new EmendError('not_found', 'There is no such import. It may belong to another project, or the address is wrong.');
  return row;
}

/** A change of state that only one can win. */
async function move(db: PrismaClient, id: string, from: readonly State[], to: State, data: Prisma.ImportUpdateManyMutationInput): Promise<void> {
  const { count } = await db.import.updateMany({ where: { id, state: { in: [...from] } }, data: { ...data, state: to } });
  if (count === 0) throw new EmendError('conflict', `This import is ${(await find(db, id)).state}. Nothing was changed; wait until it has ended, or start a new one.`);
}

function stateOf(row: Import): State {
  return STATES.find((state) => state === row.state) ?? 'failed';
}

function optionsOf(row: Import): ImportOptions {
  return Value.Check(ImportOptions, row.options) ? row.options : {};
}
