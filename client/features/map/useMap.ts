import { computed, onActivated, onDeactivated, onScopeDispose, shallowRef, watch, type ComputedRef, type ShallowRef } from 'vue';
import type { JobDto } from '#core/api/job.ts';
import type { ImageMapDto } from '#core/api/map.ts';
import { useAction, type Action } from '../../ui/action.ts';
import { useResource, type Resource } from '../../ui/resource.ts';
import { cancelJob, isLive, patchJobs, useProject } from '../shell/index.ts';
import { fetchFacets, fetchMap, fetchPoints, makeMap } from './api.ts';
import { groupsOf } from './places.ts';
import { unpackFacets, unpackPoints, type Facets, type Points } from './unpack.ts';

/** Facets of many images are many rows for the server: not more often than this while people work. */
const FACETS_MS = 2500;
const IMAGES_PER_MS = 10;

export interface MapState {
  head: Resource<ImageMapDto>;
  points: Resource<Points>;
  /** Of the points that are shown; null until both have come. */
  facets: ComputedRef<Facets | null>;
  facetsProblem: Resource<Facets>['error'];
  refetchFacets: () => void;
  clusters: ComputedRef<number[][]>;
  /** Groups of near-duplicates. */
  alike: ComputedRef<number[][]>;
  /** Indices of points. Kept by image when the map is made anew. */
  selected: ShallowRef<ReadonlySet<number>>;
  job: ComputedRef<JobDto | null>;
  /** The last one that ended otherwise than well, until another begins. */
  failed: ComputedRef<JobDto | null>;
  make: Action<[]>;
  cancel: Action<[]>;
}

/** The map of the project, what is known of its images, and what is selected; kept up to date by the project's events. */
export function useMap(): MapState {
  const { id, jobs, on } = useProject();
  const head = useResource(() => id, fetchMap);
  const key = (): string | null => head.data.value?.map?.key ?? null;
  const points = useResource(key, async (_key, signal) => unpackPoints(await fetchPoints(id, signal)));
  const known = useResource(key, async (_key, signal) => unpackFacets(await fetchFacets(id, signal)));
  const facets = computed(() => {
    const [of, at] = [known.data.value, points.data.value];
    return of && at && of.key === key() && of.status.length === at.ids.length ? of : null;
  });
  const latest = computed(() => jobs.data.value?.find((job) => job.kind === 'map') ?? null);
  const selected = shallowRef<ReadonlySet<number>>(new Set());

  /** Ids of what is selected, while the points are fetched anew. */
  let chosen: string[] = [];
  watch(() => points.data.value, (now, before) => {
    // The former points are gone for a moment while the new ones come; the selection waits for them.
    if (before) chosen = [...selected.value].flatMap((point) => before.ids[point] ?? []);
    if (!now) return;
    const wanted = new Set(chosen);
    selected.value = new Set(now.ids.flatMap((image, point) => (wanted.has(image) ? [point] : [])));
  });

  const facetsSoon = seldom(() => Math.max(FACETS_MS, (points.data.value?.ids.length ?? 0) / IMAGES_PER_MS), () => { if (key() !== null) void known.refetch(); });
  on((event) => {
    if (event.type === 'job' && event.job.kind === 'map' && event.job.state === 'done') head.refetchSoon();
    if (event.type === 'images' || event.type === 'model' || (event.type === 'job' && event.job.kind === 'predict' && event.job.state === 'done')) head.refetchSoon();
    if (event.type === 'task' || event.type === 'images' || event.type === 'loop' || event.type === 'project') facetsSoon();
  }, () => { head.refetchSoon(); facetsSoon(); });

  const show = (job: JobDto): void => { jobs.data.value = patchJobs(jobs.data.value ?? [], job); };
  return {
    head, points, facets, facetsProblem: known.error, refetchFacets: () => { void known.refetch(); }, selected,
    clusters: computed(() => (points.data.value ? groupsOf(points.data.value.cluster) : [])),
    alike: computed(() => (facets.value ? groupsOf(facets.value.alike) : [])),
    job: computed(() => (latest.value && isLive(latest.value) ? latest.value : null)),
    failed: computed(() => (latest.value?.state === 'failed' ? latest.value : null)),
    make: useAction(async () => { show(await makeMap(id)); }),
    cancel: useAction(async () => { if (latest.value) show(await cancelJob(latest.value.id)); }),
  };
}

/** Once in a while at most, however often it is called, and not while the page is out of sight: then when it is seen again. */
function seldom(wait: () => number, work: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | null = null;
  let [hidden, wanted] = [false, false];
  const soon = (): void => {
    wanted = true;
    if (hidden) return;
    timer ??= setTimeout(() => {
      timer = null;
      if (hidden) return;
      wanted = false;
      work();
    }, wait());
  };
  onDeactivated(() => { hidden = true; });
  onActivated(() => {
    hidden = false;
    if (wanted) soon();
  });
  onScopeDispose(() => { if (timer) clearTimeout(timer); });
  return soon;
}
