import { shallowRef, watch, type ShallowRef } from 'vue';
import type { EpochPoint, LogLine, RunDto } from '#core/api/run.ts';
import { useResource, type Resource } from '../../ui/resource.ts';
import { useProject } from '../shell/index.ts';
import { fetchEpochs, fetchLog, fetchRun } from './api.ts';

type Points = EpochPoint[];
export interface LiveRun { run: Resource<RunDto>; epochs: Resource<Points>; log: ShallowRef<LogLine[]>; refresh: () => void }
/** More lines than this are cut at the top: the whole log stays with the server. */
const MOST_LINES = 20_000;

/** One run as it goes on: fetched once, then patched by events; fetched again after a time offline. */
export function useRun(id: () => string | null): LiveRun {
  const { on } = useProject();
  const run = useResource(id, fetchRun);
  const epochs = useResource<Points>(id, fetchEpochs);
  const log = shallowRef<LogLine[]>([]);

  function append(lines: readonly LogLine[]): void {
    const last = log.value.at(-1)?.seq ?? -1;
    const fresh = lines.filter((line) => line.seq > last);
    if (fresh.length > 0) log.value = [...log.value, ...fresh].slice(-MOST_LINES);
  }
  async function catchUp(): Promise<void> {
    const wanted = id();
    if (wanted === null) return;
    const lines = await fetchLog(wanted, log.value.at(-1)?.seq ?? -1).catch(() => []);
    if (wanted === id()) append(lines);
  }
  watch(id, () => { log.value = []; void catchUp(); }, { immediate: true });

  on((event) => {
    if (event.type === 'run' && event.id === id()) {
      const { state, progress, gate, error } = event;
      const former = run.data.value;
      if (former) run.data.value = { ...former, state, progress, gate, error };
      // Only the whole run has the model that came out, when it ended, and what a person decided.
      if (former?.state !== state || state === 'done') { run.refetchSoon(); epochs.refetchSoon(); }
    }
    if (event.type === 'epoch' && event.run === id()) epochs.data.value = [...(epochs.data.value ?? []).filter((p) => p.epoch !== event.point.epoch), event.point].sort((a, b) => a.epoch - b.epoch);
    if (event.type === 'log' && event.run === id()) append(event.lines);
    if (event.type === 'model') run.refetchSoon();
  }, refresh);
  function refresh(): void {
    run.refetchSoon();
    epochs.refetchSoon();
    void catchUp();
  }
  return { run, epochs, log, refresh };
}
