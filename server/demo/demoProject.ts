/**
 * The demo project of the first start. It goes the way that everybody's images go: an import, planned and applied. Every step looks first
 * whether it is done, so a start after a kill goes on where the last one was.
 */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_SETTINGS } from '#core/api/project.ts';
import { EmendError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import type { App } from '../app.ts';
import { importService, UploadArea } from '../features/imports/index.ts';
import { promoteModel, registerModel } from '../features/models/index.ts';
import { requestPredictions } from '../features/predictions/index.ts';
import { defaultClassLooks } from '../features/projects/index.ts';
import { DEMO } from './generator.ts';
import { CLASSES } from './truth.ts';

/** The same in every data directory, so that a second start finds it whatever it has been renamed to. */
export const DEMO_PROJECT = 'demo-die-attach';
const NAME = 'Die attach (demo)';
const MODELS = join(import.meta.dirname, '../../models');
const IMPORT = 'demo-die-attach-import';

export interface DemoProgress { (message: string, done: number, total: number): void }
export interface DemoOptions { count?: number; /** Folder with demo.onnx and demo.pt. */ models?: string }

/** Resolves when images, labels, model and the order to predict are there. Nothing is done when they are, or when the demo was archived. */
export async function ensureDemoProject(app: App, onProgress: DemoProgress = () => undefined, options: DemoOptions = {}): Promise<void> {
  await ensureProject(app);
  // The model first: it looks at the images as soon as they are there, and nobody is given one before.
  await ensureModel(app, options.models ?? MODELS);
  await ensureImages(app, onProgress, options.count ?? DEMO.count);
}

async function ensureProject(app: App): Promise<void> {
  await app.db.project.createMany({ data: [{ id: DEMO_PROJECT, name: NAME, task: 'segment', settings: DEFAULT_SETTINGS }], skipDuplicates: true });
  await app.db.projectClass.createMany({ data: defaultClassLooks(CLASSES).map((look) => ({ projectId: DEMO_PROJECT, ...look })), skipDuplicates: true });
  await app.db.iteration.createMany({ data: [{ id: newId(), projectId: DEMO_PROJECT, number: 1 }], skipDuplicates: true });
}

/** The upload is whole when its description is there: it is stored last. */
async function ensureImages(app: App, onProgress: DemoProgress, count: number): Promise<void> {
  await app.db.import.createMany({ data: [{ id: IMPORT, projectId: DEMO_PROJECT, state: 'open', createdBy: 'emend' }], skipDuplicates: true });
  const state = async (): Promise<string> => (await app.db.import.findUniqueOrThrow({ where: { id: IMPORT } })).state;
  if (['applied', 'cancelled'].includes(await state())) return;
  if ((await state()) === 'open' && !(await uploaded(app))) await paint(app, onProgress, count);
  // A job that a crash cut off is delivered again by the queue; it is only waited for here.
  await settle(app, ['planning', 'applying'], state);
  if (['open', 'failed'].includes(await state())) await importService.startPlan(app, IMPORT, {}, undefined);
  await settle(app, ['planning'], state);
  if ((await state()) === 'planned') await importService.startApply(app, IMPORT, undefined);
  await settle(app, ['applying'], state);
  if ((await state()) !== 'applied') throw new EmendError('failed', 'The demo images could not be imported. The next start tries again; other projects are not affected.');
}

async function uploaded(app: App): Promise<boolean> {
  return (await new UploadArea(app.config.dataDir, IMPORT).list()).files.some((file) => file.path === 'data.yaml');
}

/** The images are made by a job, so that the screen shows how far it is. One that a stop cut off is under way again already. */
async function paint(app: App, onProgress: DemoProgress, count: number): Promise<void> {
  const end = app.bus.on((projectId, event) => {
    if (projectId === DEMO_PROJECT && event.type === 'job' && event.job.kind === 'demo') onProgress(event.job.message ?? '', event.job.done, event.job.total ?? count);
  });
  try {
    onProgress('Making the demo images', 0, count);
    await app.jobs.enqueue({ kind: 'demo', projectId: DEMO_PROJECT, data: { importId: IMPORT, count }, singletonKey: 'demo', message: 'Making the demo images' }).catch((error: unknown) => {
      if (!(error instanceof EmendError && error.code === 'conflict')) throw error;
    });
    while ((await app.db.job.count({ where: { kind: 'demo', state: { in: ['queued', 'running'] } } })) > 0) await sleep(100);
  } finally {
    end();
  }
  if (!(await uploaded(app))) throw new EmendError('failed', 'The demo images were not made: that was cancelled, or it failed (see Recent jobs). The next start goes on where it ended.');
}

async function settle(app: App, states: readonly string[], state: () => Promise<string>): Promise<void> {
  while (states.includes(await state())) {
    const waiting = await app.db.job.count({ where: { subjectId: IMPORT, kind: 'import', state: { in: ['queued', 'running'] } } });
    if (waiting === 0 && states.includes(await state())) {
      await app.db.import.update({ where: { id: IMPORT }, data: { state: 'open' } });
      return;
    }
    await sleep(100);
  }
}

/** The shipped model becomes the first version; without it the project waits for one of its own. */
async function ensureModel(app: App, models: string): Promise<void> {
  const onnx = join(models, 'demo.onnx');
  if (!(await exists(onnx))) return;
  let model = await app.db.modelVersion.findFirst({ where: { projectId: DEMO_PROJECT }, orderBy: { number: 'asc' }, select: { id: true } });
  if (!model) {
    const pt = join(models, 'demo.pt');
    model = await registerModel(app, {
      projectId: DEMO_PROJECT, name: 'demo', origin: 'shipped', onnxSha256: await app.blobs.putFile(onnx), ptSha256: (await exists(pt)) ? await app.blobs.putFile(pt) : null,
    });
  }
  const project = await app.db.project.findUniqueOrThrow({ where: { id: DEMO_PROJECT }, select: { currentModelId: true } });
  if (project.currentModelId !== null) return;
  await promoteModel(app, { modelId: model.id, kind: 'first', reason: null, byId: null });
  await requestPredictions(app, DEMO_PROJECT).catch((error: unknown) => {
    if (!(error instanceof EmendError && error.code === 'conflict')) throw error; // the promotion has ordered it already
  });
}

function exists(path: string): Promise<boolean> {
  return access(path).then(() => true, () => false);
}
