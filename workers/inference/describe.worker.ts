/** What runs in the thread that reads model files: no runtime, no models, so nothing that it could wait for. */
import { EmendError } from '#core/errors.ts';
import type { Reply, Requests } from './messages.ts';
import { readModelFile } from './modelFile.ts';
import { describeYolo } from './yoloModel.ts';

export async function describe({ model }: Requests['describe']['in']): Promise<Reply<'describe'>> {
  try {
    return { ok: true, value: describeYolo((await readModelFile(model)).meta), attempts: [] };
  } catch (error) {
    const problem = error instanceof EmendError ? error.toProblem() : null;
    return { ok: false, problem, trace: error instanceof Error ? (error.stack ?? error.message) : String(error), attempts: [] };
  }
}
