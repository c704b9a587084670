import { computed, ref, shallowRef, type ComputedRef, type Ref } from 'vue';
import { useRouter } from 'vue-router';
import type { ImportDto, ImportOptions } from '#core/api/import.ts';
import type { JobDto } from '#core/api/job.ts';
import { useAction, type Action } from '../../ui/action.ts';
import { useResource, type Resource } from '../../ui/resource.ts';
import { isLive, useProject } from '../shell/index.ts';
import { applyImport, createImport, dropImport, fetchImport, planImport, sendFiles } from './api.ts';
import { inBatches, type Chosen } from './files.ts';

export interface Sending { files: number; bytes: number; sent: number; startedAt: number }
export interface ImportFlow {
  current: Resource<ImportDto>;
  sending: Ref<Sending | null>;
  job: ComputedRef<JobDto | null>;
  start: Action<[Chosen[]]>;
  stopSending: () => void;
  replan: Action<[ImportOptions]>;
  apply: Action<[]>;
  drop: Action<[]>;
}

/** One import from the chosen files to the applied plan. The server's import is the truth; this only leads there. */
export function useImport(importId: () => string | null): ImportFlow {
  const { id: project, jobs, on } = useProject();
  const router = useRouter();
  const current = useResource(importId, fetchImport);
  const sending = ref<Sending | null>(null);
  const stop = shallowRef<AbortController | null>(null);
  const show = (id: string | null) => router.replace({ name: 'import', params: id === null ? { project, import: '' } : { project, import: id } });

  const start = useAction(async (chosen: Chosen[]) => {
    const cancel = new AbortController();
    stop.value = cancel;
    sending.value = { files: chosen.length, bytes: chosen.reduce((sum, c) => sum + c.file.size, 0), sent: 0, startedAt: Date.now() };
    let made: string | null = null;
    try {
      made = (await createImport(project)).id;
      await sendAll(made, chosen, cancel.signal, (sent) => { if (sending.value) sending.value = { ...sending.value, sent }; });
      await planImport(made, {});
      await show(made);
    } catch (error) {
      // Half an upload is of no use to anybody: the server's copy goes, the person's files are untouched.
      if (made !== null) await dropImport(made).catch(() => undefined);
      throw error;
    } finally {
      sending.value = null;
      stop.value = null;
    }
  }, { inline: true });
  const replan = useAction(async (options: ImportOptions) => {
    if (current.data.value) current.data.value = await planImport(current.data.value.id, options);
  });
  const apply = useAction(async () => {
    if (!current.data.value) return;
    try {
      current.data.value = await applyImport(current.data.value.id);
    } catch (error) {
      void current.refetch(); // the plan on the screen is not the server's any more
      throw error;
    }
  });
  const drop = useAction(async () => {
    if (current.data.value && current.data.value.state !== 'applied') await dropImport(current.data.value.id);
    await show(null);
  });
  const job = computed(() => jobs.data.value?.find((j) => j.kind === 'import' && j.subjectId === current.data.value?.id && isLive(j)) ?? null);
  on((event) => {
    if (event.type === 'job' && event.job.kind === 'import' && event.job.subjectId === importId() && !isLive(event.job)) void current.refetch();
  }, current.refetchSoon);
  return { current, sending, job, start, stopSending: () => { stop.value?.abort(); }, replan, apply, drop };
}

async function sendAll(id: string, chosen: readonly Chosen[], signal: AbortSignal, onProgress: (sent: number) => void): Promise<void> {
  let before = 0;
  for (const batch of inBatches(chosen)) {
    const form = new FormData();
    for (const { path, file } of batch) form.append(path, file, file.name);
    const size = batch.reduce((sum, c) => sum + c.file.size, 0);
    await sendFiles(id, form, (sent) => { onProgress(before + Math.min(sent, size)); }, signal);
    before += size;
    onProgress(before);
  }
}
