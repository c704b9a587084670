import { computed, type ComputedRef } from 'vue';
import { useRouter, type RouteLocationRaw } from 'vue-router';
import type { JobDto } from '#core/api/job.ts';
import type { LoopStep } from '#core/api/project.ts';
import { useAction, type Action } from '../../ui/action.ts';
import { cancelJob, startPredict } from './api.ts';
import { isLive, patchJobs } from './jobs.ts';
import { nextAction, type NextAction } from './loopWords.ts';
import { useProject } from './project.ts';

export interface LoopActions {
  next: ComputedRef<NextAction | null>;
  predictJob: ComputedRef<JobDto | null>;
  /** Performs the step (predict) or leads to where it is done. */
  go: (step: LoopStep) => Promise<void>;
  predict: Action<[]>;
  cancelPredict: Action<[]>;
}

export function useLoopAction(): LoopActions {
  const { id, loop, jobs } = useProject();
  const router = useRouter();
  const show = (job: JobDto) => { jobs.data.value = patchJobs(jobs.data.value ?? [], job); };
  const predictJob = computed(() => jobs.data.value?.find((job) => job.kind === 'predict' && isLive(job)) ?? null);
  const predict = useAction(async () => { show(await startPredict(id)); loop.refetchSoon(); });
  const cancelPredict = useAction(async () => { if (predictJob.value) show(await cancelJob(predictJob.value.id)); });

  async function go(step: LoopStep): Promise<void> {
    const shown = loop.data.value;
    if (step === 'predict' && shown?.next === 'predict' && shown.model && !predictJob.value) await predict.run();
    else await router.push(placeOf(step, id, shown?.model === null, shown?.run?.id ?? null));
  }
  return { next: computed(() => (loop.data.value ? nextAction(loop.data.value) : null)), predictJob, go, predict, cancelPredict };
}

/** Where a step is done. */
export function placeOf(step: LoopStep, project: string, noModel: boolean, run: string | null): RouteLocationRaw {
  const at = { params: { project } };
  switch (step) {
    case 'import': return { name: 'import', ...at };
    case 'classes': return { name: 'settings', ...at, hash: '#classes' };
    case 'predict': return noModel ? { name: 'models', ...at } : { name: 'images', ...at };
    case 'correct': return { name: 'correct', ...at };
    case 'freeze': return { name: 'versions', ...at };
    case 'train': return { name: 'training', ...at };
    case 'promote': return run ? { name: 'training', params: { project, run } } : { name: 'models', ...at };
  }
}
