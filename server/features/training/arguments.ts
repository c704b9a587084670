/** What else a training takes: the installed trainer's own list, and what a person set checked against it. */
import { fileURLToPath } from 'node:url';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { TrainerArgument, type RunConfig } from '#core/api/run.ts';
import { EmendError } from '#core/errors.ts';
import { argumentProblem } from '#core/training/arguments.ts';
import { presentEnvironment, type TrainerEnvironment } from './environment.ts';
import { run } from './python.ts';

const SCRIPT = fileURLToPath(new URL('../../../workers/trainer/arguments.py', import.meta.url));
const Arguments = Type.Array(TrainerArgument);
const known = new Map<string, Promise<TrainerArgument[]>>();

/** The list of the trainer that is installed; null before its environment was made. */
export async function readArguments(dataDir: string): Promise<TrainerArgument[] | null> {
  const environment = await presentEnvironment(dataDir);
  if (!environment) return null;
  const key = `${environment.python} ${environment.versions.ultralytics}`;
  const reading = known.get(key) ?? ask(environment);
  known.set(key, reading);
  reading.catch(() => known.delete(key));
  return reading;
}

/** Importing the trainer takes seconds: it is asked once in the life of a server. */
async function ask({ python }: TrainerEnvironment): Promise<TrainerArgument[]> {
  const { code, tail } = await run(python, [SCRIPT], { env: { YOLO_OFFLINE: 'true', YOLO_AUTOINSTALL: 'false', YOLO_VERBOSE: 'false' } });
  const line = tail.split('\n').find((text) => text.startsWith('['));
  const told: unknown = code === 0 && line !== undefined ? JSON.parse(line) : null;
  if (!Value.Check(Arguments, told)) throw new EmendError('unavailable', 'The trainer does not say which arguments it takes. Train without extra arguments, or prepare the trainer anew on the System page.', tail.slice(-500));
  return told;
}

/** @throws EmendError `invalid` with the first argument that the trainer would not take, `conflict` before there is a trainer to ask. */
export async function checkExtra(dataDir: string, extra: RunConfig['extra']): Promise<void> {
  if (extra === undefined || Object.keys(extra).length === 0) return;
  const list = await readArguments(dataDir);
  if (!list) throw new EmendError('conflict', 'The training environment has not been made yet, so nobody can say which arguments it takes. Prepare it on the System page, or train without extra arguments.');
  for (const [name, value] of Object.entries(extra)) {
    const problem = argumentProblem(list, name, value);
    if (problem !== null) throw new EmendError('invalid', `${problem} Nothing was started.`);
  }
}
