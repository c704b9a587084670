/** Runs that begin by themselves, as the project's settings say: after so many submitted images, or every night. Freeze, train and gate then go on unattended. */
import type { DatasetStats } from '#core/api/dataset.ts';
import { EmendError } from '#core/errors.ts';
import type { Project } from '#prisma';
import { note } from '../../activity.ts';
import { freeze, preview } from '../dataset/index.ts';
import { countUnfrozen } from '../iterations/index.ts';
import { readSettings } from '../projects/index.ts';
import { createRun, type Parts } from './runs.ts';

const ENDED = ['done', 'failed', 'cancelled', 'paused'];

export class AutoRuns {
  readonly #parts: Parts;
  readonly #failed: (error: unknown) => void;
  /** Project → submitted images at a try that came to nothing; the next one waits for as many again. */
  readonly #vain = new Map<string, number>();
  /** Project → the day on which its nightly run was looked at. */
  readonly #nights = new Map<string, string>();
  #turn: Promise<void> = Promise.resolve();

  constructor(parts: Parts, failed: (error: unknown) => void) {
    this.#parts = parts;
    this.#failed = failed;
  }

  /** Something was submitted, or a run has ended. One look after the other, so that two submits never begin two runs. */
  look(projectId: string): Promise<void> {
    return this.#then(async () => {
      const project = await this.#parts.db.project.findUnique({ where: { id: projectId } });
      if (!project) return;
      const { autoAfter } = readSettings(project.settings);
      if (autoAfter === 0) return;
      const waiting = await countUnfrozen(this.#parts.db, projectId);
      const vain = this.#vain.get(projectId) ?? 0;
      // Somebody froze by hand meanwhile: the count began anew.
      const since = waiting < vain ? waiting : waiting - vain;
      if (since >= autoAfter) await this.#begin(project, waiting, `by itself, after ${waiting} submitted images`);
    });
  }

  /** To be called at least once a minute. `now` is the server's own time. */
  clock(now: Date): Promise<void> {
    const [day, time] = [now.toDateString(), `${String(now.getHours()).padStart(2, '0')}:${String(now.getMinutes()).padStart(2, '0')}`];
    return this.#then(async () => {
      for (const project of await this.#parts.db.project.findMany({ where: { archivedAt: null } })) {
        if (readSettings(project.settings).autoAt !== time || this.#nights.get(project.id) === day) continue;
        this.#nights.set(project.id, day);
        const waiting = await countUnfrozen(this.#parts.db, project.id);
        if (waiting > 0) await this.#begin(project, waiting, `by itself, at ${time}`);
      }
    });
  }

  #then(work: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(work).catch(this.#failed);
    return this.#turn;
  }

  async #begin(project: Project, waiting: number, why: string): Promise<void> {
    const { db, bus } = this.#parts;
    if ((await db.trainingRun.count({ where: { projectId: project.id, state: { notIn: ENDED } } })) > 0) return;
    const admin = await db.membership.findFirst({ where: { projectId: project.id, role: 'admin' }, orderBy: { createdAt: 'asc' } });
    if (!admin) return;
    try {
      refuseUntrainable((await preview(db, project.id)).stats);
      const version = await freeze(db, project.id, why, admin.userId);
      bus.emit(project.id, { type: 'version', id: version.id });
      const run = await createRun(this.#parts, project.id, { datasetVersionId: version.id }, admin.userId);
      await note(db, project.id, null, 'trained', `Run ${run.number} on version ${version.number} began ${why}`);
      this.#vain.delete(project.id);
    } catch (error) {
      if (!(error instanceof EmendError)) throw error;
      this.#vain.set(project.id, waiting);
      await note(db, project.id, null, 'trained', `No run began ${why}: ${error.message}`);
    } finally {
      bus.emit(project.id, { type: 'activity' });
      bus.emit(project.id, { type: 'loop' });
    }
  }
}

/** Before a version is made for nothing. */
function refuseUntrainable({ splits }: DatasetStats): void {
  const empty = splits.train === 0 ? 'training' : splits.valid === 0 ? 'validation' : null;
  if (empty !== null) throw new EmendError('conflict', empty === 'validation' ? 'There are no validation images with labels. Set some aside on the Versions page: it draws them by class.' : 'There are no training images with labels. Submit or import some.');
}
