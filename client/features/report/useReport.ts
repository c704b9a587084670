import { computed, type ComputedRef } from 'vue';
import { useRoute } from 'vue-router';
import type { Report, ReportRow } from '#core/api/report.ts';
import { useResource, type Resource } from '../../ui/resource.ts';
import { useProject } from '../shell/index.ts';
import { fetchReport, fetchReports } from './api.ts';
import { shownIteration } from './shown.ts';

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
  function changed(): void {
    rows.refetchSoon();
    if (report.data.value === null || report.data.value.endedAt === null) report.refetchSoon();
  }
  on((event) => { if (['task', 'model', 'loop', 'version', 'project'].includes(event.type)) changed(); }, changed);
  return { rows, report, iteration };
}
