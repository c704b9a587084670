/** Plays cells, each from the snapshot that the one before it left, so that any of them can be played again or go on after a stop. */
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Type } from 'typebox';
import { DatasetVersionDto } from '#core/api/dataset.ts';
import { readSet, type DataSet } from './data.ts';
import { Host } from './host.ts';
import { before, nameOf, ROUND, type Cell } from './plan.ts';
import { addUntrained, makeProject, projectOf, untrainedOf } from './project.ts';
import { addResult, isThere, readResults, type Result } from './results.ts';
import { choose, correct, NO_WORK, predicted, train, type Trained, type Work } from './rounds.ts';
import { Snapshots } from './snapshots.ts';

const EMPTY = 'empty';

export class Player {
  readonly #snapshots: Snapshots;
  readonly #dataDir: string;
  readonly #results: string;
  readonly #sets = new Map<string, Promise<DataSet>>();
  /** What is being played: whoever needs the same state waits for it. */
  readonly #under = new Map<string, Promise<void>>();

  private constructor(snapshots: Snapshots, dataDir: string, results: string) {
    this.#snapshots = snapshots;
    this.#dataDir = dataDir;
    this.#results = results;
  }

  static async open(dataDir: string, results: string): Promise<Player> {
    return new Player(await Snapshots.open(dataDir), dataDir, results);
  }

  /** Nothing happens where the result is there already. */
  async play(cell: Cell): Promise<void> {
    if (!isThere(await readResults(this.#results), cell)) await this.#once(nameOf(cell), () => this.#cell(cell));
  }

  async #once(name: string, work: () => Promise<void>): Promise<void> {
    const under = this.#under.get(name) ?? work().finally(() => this.#under.delete(name));
    this.#under.set(name, under);
    await under;
  }

  close(): Promise<void> {
    return this.#snapshots.stop();
  }

  async #cell(cell: Cell): Promise<void> {
    const from = before(cell);
    // Results of another data directory: what led to this cell is played once more.
    if (from && !(await this.#snapshots.has(nameOf(from)))) await this.#once(nameOf(from), () => this.#cell(from));
    if (!(await this.#snapshots.has(EMPTY))) await this.#once(EMPTY, () => this.#empty());
    const work = `work_${nameOf(cell)}`;
    await this.#snapshots.make(work, from ? nameOf(from) : EMPTY);
    const host = await Host.start(this.#dataDir, this.#snapshots.url(work), await this.#person());
    let result: Result;
    try {
      result = await (from ? this.#turn(host, cell) : this.#first(host, cell, work));
    } finally {
      await host.stop();
    }
    if (cell.mode === 'start' || cell.mode === 'incremental') await this.#snapshots.keep(work, nameOf(cell));
    else await this.#snapshots.drop(work);
    if (!isThere(await readResults(this.#results), cell)) await addResult(this.#results, result);
    console.info(`${new Date().toTimeString().slice(0, 8)} ${nameOf(cell)}: mAP50 ${result.map50.toFixed(3)} (stands at ${result.standing50.toFixed(3)}, ${result.gate}), ${result.seconds.toFixed(0)} s, ${result.processorSeconds.toFixed(0)} s of the processor; ${result.clicks} clicks of ${result.clicksFromNothing}`);
  }

  /** A project of its own, and its first model. */
  async #first(host: Host, cell: Cell, database: string): Promise<Result> {
    const set = await this.#set(cell);
    const all = cell.mode === 'everything';
    await makeProject(host, `${cell.set}, seed ${cell.seed}`, set, all ? [...set.start, ...set.waiting] : set.start, all ? [] : set.waiting);
    const project = await projectOf(host);
    const untrained = await addUntrained({ snapshots: this.#snapshots, database, dataDir: this.#dataDir, project, seed: cell.seed });
    const version = await host.ask(DatasetVersionDto, 'POST', `/projects/${project.id}/versions`, {});
    const trained = await train(host, project.id, cell, untrained);
    if (!all) await predicted(host, project.id, trained);
    return told(cell, version, trained, NO_WORK);
  }

  /** A round of corrections and what is learned from it; or the same labels once more, from scratch. */
  async #turn(host: Host, cell: Cell): Promise<Result> {
    const { id } = await projectOf(host);
    if (cell.mode === 'scratch') {
      const [version] = await host.ask(Type.Array(DatasetVersionDto), 'GET', `/projects/${id}/versions`);
      if (!version) throw new Error('there is no version to train on');
      return told(cell, version, await train(host, id, cell, await untrainedOf(host, id)), NO_WORK);
    }
    if (cell.round === 1 && cell.strategy !== null) await choose(host, id, cell.strategy);
    const work = await correct(host, id, (await this.#set(cell)).waiting);
    const version = await host.ask(DatasetVersionDto, 'POST', `/projects/${id}/versions`, {});
    const trained = await train(host, id, cell, null);
    await predicted(host, id, trained);
    return told(cell, version, trained, work);
  }

  #set({ set, seed }: Cell): Promise<DataSet> {
    const key = `${set} ${seed}`;
    const found = this.#sets.get(key) ?? readSet(set, seed);
    this.#sets.set(key, found);
    return found;
  }

  /** The snapshot of a server on which somebody has just signed in; all others come from it. */
  async #empty(): Promise<void> {
    const work = `work_${EMPTY}`;
    await this.#snapshots.make(work);
    const host = await Host.start(this.#dataDir, this.#snapshots.url(work), null);
    await host.stop();
    await writeFile(this.#cookieFile(), host.person.cookie);
    await chmod(this.#cookieFile(), 0o600);
    await this.#snapshots.keep(work, EMPTY);
  }

  async #person(): Promise<Host['person']> {
    return { name: 'admin', cookie: await readFile(this.#cookieFile(), 'utf8') };
  }

  #cookieFile(): string {
    return join(this.#dataDir, 'bench.cookie');
  }
}

function told(cell: Cell, version: DatasetVersionDto, { run: _, taken: __, ...trained }: Trained, work: Work): Result {
  return { ...cell, images: version.stats.splits.train, corrected: cell.round * ROUND, ...work, ...trained };
}
