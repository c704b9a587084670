/** The SAM-family models that are present, which of them can be used, and which one is. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { EmendError } from '#core/errors.ts';
import { LEAST_IOU } from './selfTest.ts';
import { findSamFiles, type FoundFiles, type SamFiles } from './samFiles.ts';

export const SPARK = 'Spark';

/** One model that makes masks, present on this machine. */
export interface SegmenterStatus {
  readonly name: string;
  readonly family: 'sam' | 'spark';
  readonly inUse: boolean;
  readonly bytes: number;
  /** `testing`: it is not used before it has found the mask of the test picture. */
  readonly state: 'ready' | 'testing' | 'refused';
  /** Why it is refused. */
  readonly problem: string | null;
  /** IoU of its mask of the test picture. */
  readonly testIou: number | null;
}

interface Verdict {
  readonly problem: string | null;
  readonly iou: number | null;
}

interface Options {
  readonly directory: string | null;
  /** Recognises the pair by its inputs and outputs. @throws EmendError with what is wrong. */
  readonly inspect: (files: SamFiles) => Promise<void>;
  /** Answers the IoU of the pair's mask of the test picture, or null where models are trusted untested. */
  readonly test: ((files: SamFiles) => Promise<number>) | null;
}

const LOOK_AGAIN_MS = 10_000;
const TESTED = 'tested.json';
const CHOICE = 'in-use.json';
const Tested = Type.Record(Type.String(), Type.Object({ iou: Type.Number() }));
const Choice = Type.Object({ name: Type.Union([Type.String(), Type.Null()]) });
const NOTHING: FoundFiles = { pairs: [], loose: [] };

/** Results of the self-tests and the choice of a person lie beside the weights, so that a restart knows them. */
export class SamModels {
  readonly #options: Options;
  /** By the pair's stamp: a replaced file is another model. */
  readonly #verdicts = new Map<string, Verdict>();
  readonly #inspecting = new Map<string, Promise<void>>();
  #testing: Promise<void> | null = null;
  #found: Promise<FoundFiles> | null = null;
  #foundAt = 0;
  #last: FoundFiles = NOTHING;
  #choice: string | null = null;

  constructor(options: Options) {
    this.#options = options;
    this.#scan().catch(() => undefined); // whoever asks next hears of it
  }

  /** The pair to use now: the chosen one if it can be used, else the best; null when that is none, or when Spark was chosen. */
  async best(): Promise<SamFiles | null> {
    const { pairs } = await this.#scan();
    await Promise.all(pairs.map((files) => this.#inspect(files)));
    this.#testing ??= this.#testAll(pairs).finally(() => { this.#testing = null; });
    if (this.#choice === SPARK) return null;
    const usable = pairs.filter((files) => this.#verdicts.get(files.stamp)?.problem === null);
    return usable.find(({ name }) => name === this.#choice) ?? usable[0] ?? null;
  }

  /** It was recognised, yet cannot be used at all: not tried again until it is replaced, or until {@link refresh}. */
  refuse(files: SamFiles, problem: string): void {
    this.#verdicts.set(files.stamp, { problem, iou: null });
  }

  /** Looks again, and gives what was refused another chance. */
  async refresh(): Promise<void> {
    for (const [stamp, { problem }] of this.#verdicts) if (problem !== null) this.#verdicts.delete(stamp);
    this.#inspecting.clear();
    this.#found = null;
    await this.best();
  }

  /** Resolves when no self-test is under way. */
  async tested(): Promise<void> {
    await this.best();
    await this.#testing;
  }

  /** null = the best that is present. @throws EmendError `not_found`, or `conflict` when it cannot be used. */
  async choose(name: string | null): Promise<void> {
    const { directory } = this.#options;
    await this.best();
    const files = this.#last.pairs.find((pair) => pair.name === name);
    const verdict = files && this.#verdicts.get(files.stamp);
    if (directory === null || (name !== null && name !== SPARK && !files)) throw new EmendError('not_found', `There is no model ${name ?? ''} on this machine. Fetch it first.`);
    if (files && verdict?.problem !== null) throw new EmendError('conflict', `${files.name} cannot be used: ${verdict?.problem ?? 'it is still being tested. Try again in a minute.'}`);
    await writeWhole(path.join(directory, CHOICE), { name });
    this.#choice = name;
  }

  get choice(): string | null {
    return this.#choice;
  }

  /** Without `inUse`, which depends on Spark too. */
  get status(): readonly Omit<SegmenterStatus, 'inUse'>[] {
    return [
      ...this.#last.pairs.map(({ name, bytes, stamp }) => {
        const verdict = this.#verdicts.get(stamp);
        const state = verdict === undefined ? 'testing' as const : verdict.problem === null ? 'ready' as const : 'refused' as const;
        return { name, family: 'sam' as const, bytes, state, problem: verdict?.problem ?? null, testIou: verdict?.iou ?? null };
      }),
      ...this.#last.loose.map(({ name, bytes, problem }) => ({ name, family: 'sam' as const, bytes, state: 'refused' as const, problem, testIou: null })),
    ];
  }

  /** Weights that are put there while the server runs are found within seconds. */
  async #scan(): Promise<FoundFiles> {
    const { directory } = this.#options;
    if (directory === null) return NOTHING;
    if (this.#found === null || performance.now() - this.#foundAt > LOOK_AGAIN_MS) {
      this.#foundAt = performance.now();
      this.#found = this.#look(directory);
    }
    return this.#found;
  }

  async #look(directory: string): Promise<FoundFiles> {
    const [found, tested, choice] = await Promise.all([findSamFiles(directory), readJson(path.join(directory, TESTED)), readJson(path.join(directory, CHOICE))]);
    if (Value.Check(Tested, tested)) for (const [stamp, { iou }] of Object.entries(tested)) if (iou >= LEAST_IOU) this.#verdicts.set(stamp, { problem: null, iou });
    this.#choice = Value.Check(Choice, choice) ? choice.name : null;
    this.#last = found;
    return found;
  }

  #inspect(files: SamFiles): Promise<void> {
    const known = this.#inspecting.get(files.stamp);
    if (known || this.#verdicts.has(files.stamp)) return known ?? Promise.resolve();
    const work = this.#options.inspect(files).then(() => {
      if (this.#options.test === null) this.#verdicts.set(files.stamp, { problem: null, iou: null });
    }, (error: unknown) => { this.#note(files, error); });
    this.#inspecting.set(files.stamp, work);
    return work;
  }

  /** One after the other: they share the threads with people who wait. */
  async #testAll(pairs: readonly SamFiles[]): Promise<void> {
    const { test, directory } = this.#options;
    if (test === null || directory === null) return;
    for (const files of pairs) {
      if (this.#verdicts.has(files.stamp)) continue;
      try {
        const iou = await test(files);
        const problem = iou >= LEAST_IOU ? null : `Its mask of the test picture is wrong (IoU ${iou.toFixed(2)} with the right one; at least ${LEAST_IOU.toFixed(2)} is asked), so it is not used. Fetch or convert it again.`;
        this.#verdicts.set(files.stamp, { problem, iou });
        if (problem === null) await this.#remember(directory);
      } catch (error) {
        this.#note(files, error);
      }
    }
  }

  /** What passes by itself (a full queue, a stop of the server) is tried again at the next look. */
  #note(files: SamFiles, error: unknown): void {
    const problem = error instanceof EmendError ? error : new EmendError('failed', 'It could not be read. The log has the details.');
    if (problem.code === 'busy' || problem.code === 'unavailable') this.#inspecting.delete(files.stamp);
    else this.#verdicts.set(files.stamp, { problem: problem.detail === undefined ? problem.message : `${problem.message} (${problem.detail})`, iou: null });
  }

  async #remember(directory: string): Promise<void> {
    const present = new Set(this.#last.pairs.map(({ stamp }) => stamp));
    await writeWhole(path.join(directory, TESTED), Object.fromEntries([...this.#verdicts].flatMap(([stamp, { iou }]) => (iou !== null && present.has(stamp) ? [[stamp, { iou }]] : []))));
  }
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return null;
  }
}

async function writeWhole(file: string, content: unknown): Promise<void> {
  await writeFile(`${file}.part`, `${JSON.stringify(content, null, 2)}\n`);
  await rename(`${file}.part`, file);
}
