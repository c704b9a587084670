import { computed, onScopeDispose, ref, shallowReactive, shallowRef, watch } from 'vue';
import { useRoute, useRouter } from 'vue-router';
import type { FindingDto, FindingQuery } from '#core/api/secondLook.ts';
import { FINDING_KINDS, type FindingKind } from '#core/secondLook/finding.ts';
import { useResource } from '../../ui/resource.ts';
import { useToasts } from '../../ui/toasts.ts';
import { useProject } from '../shell/index.ts';
import { usePages } from '../versions/index.ts';
import { fetchFindings, fetchState, openFinding, sayRight, startLook, takeBack } from './api.ts';

const TOLD_MS = 8000;
/** On coming back, so many pages are looked through for the place where one was. */
const PAGES_BACK = 20;

/** A person's way through the list: what is filtered, where they are, what they said, and how to take it back. */
export function useFindings() {
  const { id, on } = useProject();
  const [route, router, toasts] = [useRoute(), useRouter(), useToasts()];
  const text = (name: string): string | null => { const value = route.query[name]; return typeof value === 'string' && value !== '' ? value : null; };
  const kind = computed<FindingKind | null>(() => FINDING_KINDS.find((k) => k === text('kind')) ?? null);
  const classIndex = computed(() => (text('class') === null ? null : Number(text('class'))));
  const answered = computed(() => text('answered') === '1');
  const round = ref(0);
  const state = useResource(() => id, fetchState);
  const pages = usePages<FindingDto>(() => JSON.stringify([kind.value, classIndex.value, answered.value, round.value]), (after, signal) => {
    const query: FindingQuery = { ...(kind.value ? { kind: kind.value } : {}), ...(classIndex.value !== null ? { class: classIndex.value } : {}), ...(answered.value ? { answered: true } : {}), ...(after ? { after } : {}) };
    return fetchFindings(id, query, signal);
  });
  /** Said or taken back here, while the list does not know it yet. */
  const gone = shallowReactive(new Set<string>());
  const said = shallowRef<FindingDto[]>([]);
  const told = shallowRef<FindingDto | null>(null);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const items = computed(() => pages.items.value.filter((f) => !gone.has(f.id)));
  const currentId = computed(() => (typeof route.params['finding'] === 'string' && route.params['finding'] !== '' ? route.params['finding'] : null));
  const at = computed(() => items.value.findIndex((f) => f.id === currentId.value));
  const current = computed(() => items.value[at.value] ?? null);

  const show = (finding: FindingDto | null): void => { void router.replace({ name: 'second-look', params: { project: id, finding: finding?.id ?? '' }, query: filter() }); };
  const filter = (change: Partial<Record<'kind' | 'class' | 'answered', string | null>> = {}): Record<string, string> => {
    const query = { kind: kind.value, class: classIndex.value === null ? null : String(classIndex.value), answered: answered.value ? '1' : null, ...change };
    return Object.fromEntries(Object.entries(query).flatMap(([key, value]) => (value === null ? [] : [[key, value]])));
  };
  const setFilter = (change: Parameters<typeof filter>[0]): void => { void router.replace({ name: 'second-look', params: { project: id, finding: '' }, query: filter(change) }); };
  function step(by: 1 | -1): void {
    const next = items.value[at.value < 0 ? 0 : at.value + by];
    if (next) show(next);
    if (by > 0 && at.value >= items.value.length - 3) void pages.load();
  }

  /** The next one is there at once; a refusal brings this one back with the reason. */
  async function right(finding = current.value): Promise<void> {
    if (!finding || answered.value) return;
    const next = items.value[at.value + 1] ?? items.value[at.value - 1] ?? null;
    gone.add(finding.id);
    show(next);
    try {
      await sayRight(finding.id);
      said.value = [...said.value, finding];
      tell(finding);
      state.refetchSoon();
    } catch (error) {
      gone.delete(finding.id);
      toasts.problem(error);
      round.value += 1;
    }
  }
  function tell(finding: FindingDto | null): void {
    clearTimeout(timer);
    told.value = finding;
    timer = setTimeout(() => { told.value = null; }, TOLD_MS);
  }
  /** Takes the last "right" of this sitting back; or, among those said to be right, the one that is looked at. */
  async function undo(): Promise<void> {
    const finding = answered.value ? current.value : (said.value.at(-1) ?? null);
    if (!finding) return;
    if (answered.value) { gone.add(finding.id); show(items.value[at.value + 1] ?? items.value[at.value - 1] ?? null); }
    try {
      await takeBack(finding.id);
      tell(null);
      said.value = said.value.filter((f) => f.id !== finding.id);
      state.refetchSoon();
      if (answered.value) return;
      gone.delete(finding.id);
      show(finding);
    } catch (error) {
      gone.delete(finding.id);
      toasts.problem(error);
    }
  }
  async function open(finding = current.value): Promise<void> {
    if (!finding) return;
    try {
      const { task } = await openFinding(finding.id);
      await router.push({ name: 'correct', params: { project: id, task }, query: { finding: finding.id } });
    } catch (error) {
      toasts.problem(error);
      round.value += 1;
    }
  }
  async function look(): Promise<void> {
    await startLook(id).catch((error: unknown) => { toasts.problem(error); });
    state.refetchSoon();
  }

  // Back from the editor: where one was, or, when that is settled, what came after it.
  let back = text('near') === null ? null : Number(text('near'));
  let looked = 0;
  watch([items, currentId, pages.loading], () => {
    if (current.value || pages.loading.value || items.value.length === 0 || route.name !== 'second-look') return;
    const near = back;
    const next = near === null ? items.value[0] : items.value.find((f) => f.rank <= near);
    if (!next && pages.more.value && looked++ < PAGES_BACK) return void pages.load();
    back = null;
    show(next ?? items.value.at(-1) ?? null);
  }, { immediate: true });
  const anew = (): void => { round.value += 1; state.refetchSoon(); };
  on((event) => {
    if (event.type === 'findings' || event.type === 'task') state.refetchSoon();
    if ((event.type === 'job' && event.job.kind === 'second-look' && event.job.state !== 'running') || (event.type === 'model' && event.promoted)) anew();
  }, anew);
  onScopeDispose(() => { clearTimeout(timer); });

  return { kind, classIndex, answered, setFilter, state, pages, items, at, current, show, step, right, undo, told, said, open, look };
}
export type Findings = ReturnType<typeof useFindings>;
