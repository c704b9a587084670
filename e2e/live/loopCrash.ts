/**
 * Kills in the middle of the loop: of the server, of PostgreSQL and of the trainer, while a version is frozen, a model promoted, trained, measured and gated.
 * Some at moments that chance picks, some held by a lock of the test's own, so that the middle of a transaction is hit for certain. After each of them
 * everything must be whole (audit.ts), and what was under way must go on, or be free to.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Type, type Static, type TSchema } from 'typebox';
import { DatasetVersionDto } from '#core/api/dataset.ts';
import { ImagePage, TaskDto } from '#core/api/image.ts';
import { ModelDto } from '#core/api/model.ts';
import { EpochPoint, RunDto } from '#core/api/run.ts';
import { audit } from './audit.ts';
import { hold, killDatabase } from './database.ts';
import { makeLoopStage, type LoopStage } from './loopStage.ts';
import { mulberry32 } from './random.ts';
import { ask, call, Refused } from './stage.ts';

export const LOOP_PARTS = ['freeze', 'promote', 'train'] as const;
export type LoopPart = (typeof LOOP_PARTS)[number];

export interface LoopCrashOptions {
  /** How often everything is done. */
  rounds: number;
  seed: number;
  /** All, when not set. To train needs the trainer's environment and takes most of the time. */
  parts?: readonly LoopPart[];
  report?: (line: string) => void;
}
export interface LoopCrashFound {
  kills: number;
  /** Everything that was not as it must be, with the kill that it followed. */
  problems: string[];
  versions: number;
  promotions: number;
  runs: number;
}

/** So long may it take until everything that was under way has ended or goes on. Milliseconds. */
const PATIENCE = 300_000;
/** State vector of a document that nobody has edited, as base64. */
const UNTOUCHED = 'AA==';
/** Enough of them that each kill finds some left. */
const EPOCHS = 20;
const STAGES: readonly RunDto['state'][] = ['queued', 'preparing', 'training', 'evaluating', 'exporting', 'gate'];
type Victim = 'server' | 'database';

export async function loopCrashTest({ rounds, seed, parts = LOOP_PARTS, report = () => undefined }: LoopCrashOptions): Promise<LoopCrashFound> {
  const random = mulberry32(seed);
  const found: LoopCrashFound = { kills: 0, problems: [], versions: 0, promotions: 0, runs: 0 };
  const stage = await makeLoopStage();
  try {
    const ordeal = new Ordeal(stage, random, found, report);
    await ordeal.settle('the start');
    for (let round = 0; round < rounds; round++) {
      if (parts.includes('freeze')) for (const [victim, table] of [['server', 'DatasetItem'], ['database', 'DatasetItem'], ['server', null]] as const) await ordeal.freeze(victim, table);
      const middles = [['server', 'Activity'], ['database', 'Activity'], [round % 2 === 0 ? 'server' : 'database', 'Job'], ['server', null]] as const;
      if (parts.includes('promote')) for (const [victim, table] of middles) await ordeal.promote(victim, table);
      if (parts.includes('train')) await ordeal.train();
    }
    return found;
  } finally {
    await stage.emend.remove();
  }
}

class Ordeal {
  readonly #stage: LoopStage;
  readonly #random: () => number;
  readonly #found: LoopCrashFound;
  readonly #report: (line: string) => void;
  #excluded = false;

  constructor(stage: LoopStage, random: () => number, found: LoopCrashFound, report: (line: string) => void) {
    this.#stage = stage;
    this.#random = random;
    this.#found = found;
    this.#report = report;
  }

  /** A freeze that is killed while it writes its rows leaves no version; the next one has the next number. `table`: held; null = at a random moment. */
  async freeze(victim: Victim, table: string | null): Promise<void> {
    const { kept } = this.#stage;
    this.#excluded = !this.#excluded;
    await this.#call('PATCH', `/images/${kept.image}`, { excluded: this.#excluded });
    const versions = () => this.#ask(Type.Array(DatasetVersionDto), 'GET', `/projects/${kept.id}/versions`);
    const before = (await versions()).length;
    const what = `${victim} killed ${table === null ? 'at some moment of a freeze' : 'in the middle of a freeze'}`;
    await this.#killDuring(victim, table, 100, () => this.#once('POST', `/projects/${kept.id}/versions`, {}));
    await this.settle(what);
    const after = (await versions()).length;
    if (table !== null && victim === 'server') this.#expect(after === before, what, 'a version that was not finished is there');
    if (after === before) await this.#call('POST', `/projects/${kept.id}/versions`, {});
    this.#expect((await versions())[0]?.number === before + 1, what, 'the next version does not have the next number');
    this.#found.versions += 1;
  }

  /** Held at `Activity`, a promotion is not committed; held at `Job`, it is, and the order to predict is not given yet. */
  async promote(victim: Victim, table: 'Activity' | 'Job' | null): Promise<void> {
    const { kept } = this.#stage;
    await this.#submitOne();
    const current = async (): Promise<string | undefined> => {
      const all = (await this.#ask(Type.Array(ModelDto), 'GET', `/projects/${kept.id}/models`)).filter((m) => m.current);
      this.#expect(all.length === 1, what, `${all.length} models are the current one`);
      return all[0]?.id;
    };
    const what = `${victim} killed ${table === 'Activity' ? 'in the middle of a promotion' : table === 'Job' ? 'between a promotion and its predictions' : 'at some moment of a promotion'}`;
    const before = await current();
    const next = kept.models.find((id) => id !== before) ?? '';
    await this.#killDuring(victim, table, 300, () => this.#once('POST', `/models/${next}/promote`, { reason: what }));
    await this.settle(what);
    // A dying database lets go of the lock as well: there the transaction may still have been finished, and is whole then.
    if (table === 'Job') this.#expect((await current()) === next, what, 'the promotion is lost');
    if (table === 'Activity' && victim === 'server') this.#expect((await current()) === before, what, 'half a promotion counts');
    if ((await current()) === before) await this.#call('POST', `/models/${next}/promote`, { reason: 'again' });
    await this.settle(`a promotion after: ${what}`);
    this.#expect((await current()) === next, what, 'it cannot be promoted any more');
    this.#found.promotions += 1;
  }

  /** One run through all of it. A killed trainer is a failure with a reason, from which the run goes on; everything else goes on by itself. */
  async train(): Promise<void> {
    const { taught, emend } = this.#stage;
    if ((await this.#ask(Type.Array(DatasetVersionDto), 'GET', `/projects/${taught}/versions`)).length === 0) await this.#call('POST', `/projects/${taught}/versions`, {});
    const { id, baseModel } = await this.#ask(RunDto, 'POST', `/projects/${taught}/runs`, { config: { preset: 'custom', epochs: EPOCHS, imgsz: 64, batch: 4 } });
    this.#found.runs += 1;

    await this.#reach(id, 'training', 1);
    await this.#killTrainer(id);
    await this.#until('the run has failed', async () => (await this.#run(id)).state === 'failed');
    this.#expect(((await this.#run(id)).error ?? '').includes('killed'), 'trainer killed', 'the run does not say why it failed');
    await this.settle('trainer killed while it trained');
    await this.#call('POST', `/runs/${id}/resume`, {});

    const trained = (await this.#epochs(id)).length;
    await this.#reach(id, 'training', trained + 1);
    const pid = emend.pid();
    await this.#kill('database');
    await this.#reach(id, 'training', trained + 3);
    this.#expect(emend.pid() === pid && (await this.#run(id)).error === null, 'database killed while a trainer was at work', 'the server or the run did not outlast it');
    await this.#kill('server');
    await this.#reach(id, 'training', trained + 5);
    await this.#reach(id, 'evaluating', 1);
    await sleep(this.#random() * 300);
    await this.#kill('server');
    await this.#killAtTheGate(id, this.#random() < 0.5 ? 'ModelVersion' : 'Activity');
    await this.settle('killed at every stage of a run');
    const { state, gate, outModel } = await this.#run(id);
    this.#expect(state === 'done' && outModel !== null, 'killed at every stage of a run', `the run ends as ${state}`);
    // A second run is held against the first one's model, and must not be compared with itself.
    this.#expect(baseModel === null ? gate?.decision === 'first' : gate?.comparedWith === baseModel.id, 'killed at the gate', `the gate says ${gate?.decision ?? 'nothing'}`);
    // What a trainer says between the death of its server and its own end is heard by nobody: a point of the curve may be missing, the last one never.
    this.#expect((await this.#epochs(id)).at(-1)?.epoch === EPOCHS, 'killed at every stage of a run', 'it did not train to its end');
  }

  /** The last transaction of a run, with its model, evaluations, gate and promotion, is cut off. */
  async #killAtTheGate(id: string, table: string): Promise<void> {
    const held = await hold(this.#stage.emend, table);
    await held.reached();
    this.#expect((await this.#run(id)).state === 'gate', 'held at the gate', 'the run is somewhere else');
    await this.#kill('server', () => held.release());
  }

  async #killTrainer(id: string): Promise<void> {
    const pid = Number(await readFile(join(this.#stage.emend.dataDir, 'runs', id, 'out', 'trainer.pid'), 'utf8'));
    process.kill(pid, 'SIGKILL');
    this.#found.kills += 1;
  }

  /** Does something that is killed on its way; what its caller was answered does not matter, what is stored does. */
  async #killDuring(victim: Victim, table: string | null, most: number, work: () => Promise<unknown>): Promise<void> {
    const held = table === null ? null : await hold(this.#stage.emend, table);
    const worked = work().catch((error: unknown) => error);
    if (held) await held.reached();
    else await sleep(this.#random() * most);
    await this.#kill(victim, () => held?.release());
    await worked;
  }

  async #kill(victim: Victim, then: () => Promise<void> | undefined = () => undefined): Promise<void> {
    const { emend } = this.#stage;
    this.#found.kills += 1;
    if (victim === 'database') await killDatabase(emend);
    else await emend.kill();
    await then();
    if (victim === 'server') await emend.restart();
    else await this.#until('the database is back', () => this.#once('GET', '/projects').then(() => true, () => false));
  }

  /** Waits until nothing is under way, and looks whether all is whole. */
  async settle(what: string): Promise<void> {
    let problems: string[] = ['nothing was looked at'];
    for (const deadline = Date.now() + PATIENCE; problems.length > 0 && Date.now() < deadline; await sleep(200)) problems = await audit(this.#stage.emend).catch((error: unknown) => [String(error)]);
    this.#found.problems.push(...problems.map((problem) => `${what}: ${problem}`));
    this.#report(`${what}: ${problems.length === 0 ? 'all is whole' : problems.join('; ')}`);
  }

  /** The run has got so far, or farther. */
  async #reach(id: string, state: RunDto['state'], epochs: number): Promise<void> {
    await this.#until(`run ${id} is ${state}, with ${epochs} epochs`, async () => {
      const run = await this.#run(id);
      if (['failed', 'cancelled', 'done'].includes(run.state)) throw new Error(`the run is ${run.state} instead of ${state}: ${run.error ?? ''}`);
      const [is, wanted] = [STAGES.indexOf(run.state), STAGES.indexOf(state)];
      const told = (await this.#epochs(id)).length;
      return is === wanted ? told >= epochs : is > wanted && told > 0;
    });
  }

  /** A picture is accepted as it is, so that the next promotion ends an iteration; some are left to be predicted anew. */
  async #submitOne(): Promise<void> {
    const { kept } = this.#stage;
    const { items } = await this.#ask(ImagePage, 'GET', `/projects/${kept.id}/images?limit=500`);
    const tasks = await Promise.all(items.flatMap(({ taskId }) => (taskId === null ? [] : [this.#ask(TaskDto, 'GET', `/tasks/${taskId}`)])));
    const open = tasks.filter((task) => task.state === 'pending');
    const [first] = open;
    if (first && open.length > 3) await this.#call('POST', `/tasks/${first.id}/submit`, { stateVector: UNTOUCHED, timeMs: 1000, predictionSetId: first.predictionSetId });
  }

  #run(id: string): Promise<RunDto> {
    return this.#ask(RunDto, 'GET', `/runs/${id}`);
  }

  #epochs(id: string): Promise<EpochPoint[]> {
    return this.#ask(Type.Array(EpochPoint), 'GET', `/runs/${id}/epochs`);
  }

  #expect(holds: boolean, what: string, otherwise: string): void {
    if (!holds) this.#found.problems.push(`${what}: ${otherwise}`);
  }

  async #until(what: string, done: () => Promise<boolean>): Promise<void> {
    for (const deadline = Date.now() + PATIENCE; !(await done()); await sleep(50)) if (Date.now() > deadline) throw new Error(`never happened: ${what}`);
  }

  #once(method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown): Promise<unknown> {
    return call(this.#stage.origin, this.#stage.admin, method, path, body);
  }

  #call(method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown): Promise<unknown> {
    return this.#ask(Type.Unknown(), method, path, body);
  }

  /** Asks again while the database is away. */
  async #ask<T extends TSchema>(schema: T, method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown): Promise<Static<T>> {
    for (const deadline = Date.now() + PATIENCE; ; await sleep(100)) {
      try {
        return await ask(this.#stage.origin, this.#stage.admin, schema, method, path, body);
      } catch (error) {
        if (!(error instanceof Refused && error.status === 503) || Date.now() > deadline) throw error;
      }
    }
  }
}
