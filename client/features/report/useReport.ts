import { computed, onScopeDispose, type ComputedRef } from 'vue';
import { useRoute } from 'vue-router';
import type { Report, ReportRow } from '#core/api/report.ts';
import { useResource, type Resource } from '../../ui/resource.ts';
import { useProject } from '../shell/index.ts';
import { fetchReport, fetchReports } from './api.ts';
import { shownIteration } from './shown.ts';

/** Numbers are fetched again at most this often, however many submits come: the server reads all outcomes of the iteration for them. */
const FIGURES_MS = 2000;

export interface ReportView {
  rows: Resource<ReportRow[]>;
  report: Resource<Report>;
  /** Of the address; without one, the newest in which there is something to tell. */
  iteration: ComputedRef<number | null>;
}

/** The report of one iteration and the line of all of them. The one that goes on is fetched again when an event says that its numbers changed. */
export function useReport(): ReportView {
  const { id, on } = useProject();
  const route = useRoute();
  const rows = useResource(() => id, fetchReports);
  const iteration = computed(() => shownIteration(route.params['iteration'], rows.data.value));
  const report = useResource(() => (iteration.value === null ? null : String(iteration.value)), (key, signal) => fetchReport(id, Number(key), signal));
  let timer: ReturnType<typeof setTimeout> | null = null;
  function changed(): void {
    timer ??= setTimeout(() => {
      timer = null;
      void rows.refetch();
      if (report.data.value === null || report.data.value.endedAt === null) void report.refetch();
    }, FIGURES_MS);
  }
  onScopeDispose(() => { if (timer) clearTimeout(timer); });
  on((event) => { if (['task', 'model', 'loop', 'version', 'project'].includes(event.type)) changed(); }, changed);
  return { rows, report, iteration };
}
