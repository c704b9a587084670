import { computed, onScopeDispose, ref, shallowReactive, shallowRef, watch } from 'vue';
import { useRoute, useRouter } from 'vue-router';
import type { Decide, ReviewCard, ReviewDetail, ReviewShelf } from '#core/api/review.ts';
import { useResource } from '../../ui/resource.ts';
import { useToasts } from '../../ui/toasts.ts';
import { useProject } from '../shell/index.ts';
import { fetchDetail, fetchPicture, fetchQueue, sendDecision } from './api.ts';
import { SHELVES } from './reviewWords.ts';

export interface Back {
  task: string;
  name: string;
  verdict: Decide['verdict'];
}
const BACK_MS = 8000;
const AHEAD = 2;

/** The reviewer's way through the queue: what is listed, what is looked at, deciding, and going back to what was decided. */
export function useQueue() {
  const { id, on } = useProject();
  const route = useRoute();
  const router = useRouter();
  const toasts = useToasts();
  const shelf = computed<ReviewShelf>(() => SHELVES.find((s) => s.value === route.query['shelf'])?.value ?? 'queued');
  const queue = useResource(() => shelf.value, (name, signal) => fetchQueue(id, SHELVES.find((s) => s.value === name)?.value ?? 'queued', signal));
  const current = computed(() => (typeof route.params['task'] === 'string' && route.params['task'] !== '' ? route.params['task'] : null));
  const ahead = new Map<string, Promise<ReviewDetail>>();
  const pictures = new Map<string, Promise<ImageBitmap>>();
  const detail = useResource(() => current.value, (task, signal) => ahead.get(task)?.catch(() => fetchDetail(task, signal)) ?? fetchDetail(task, signal));
  /** Decided here, while the list does not know it yet. */
  const decided = shallowReactive(new Set<string>());
  const back = shallowRef<Back | null>(null);
  const busy = ref(false);
  let timer: ReturnType<typeof setTimeout> | undefined;

  const items = computed<ReviewCard[]>(() => (queue.data.value?.items ?? []).filter((c) => shelf.value !== 'queued' || !decided.has(c.taskId)));
  const at = computed(() => items.value.findIndex((c) => c.taskId === current.value));

  const open = (task: string | null): Promise<unknown> => router.replace({ name: 'review', params: { project: id, ...(task === null ? { task: '' } : { task }) }, query: route.query });
  const setShelf = (name: ReviewShelf): void => void router.replace({ name: 'review', params: { project: id, task: '' }, query: name === 'queued' ? {} : { shelf: name } });
  function step(by: 1 | -1): void {
    const next = items.value[at.value < 0 ? 0 : at.value + by];
    if (next) void open(next.taskId);
  }
  function picture(image: string): Promise<ImageBitmap> {
    const known = pictures.get(image);
    if (known) return known;
    const loading = fetchPicture(image);
    pictures.set(image, loading);
    loading.catch(() => pictures.delete(image));
    const [oldest] = pictures.keys();
    if (pictures.size > AHEAD + 3 && oldest !== undefined) pictures.delete(oldest);
    return loading;
  }
  function warm(): void {
    ahead.clear();
    for (const card of items.value.slice(Math.max(0, at.value) + (at.value < 0 ? 0 : 1)).slice(0, AHEAD)) {
      const loading = fetchDetail(card.taskId);
      loading.catch(() => undefined);
      ahead.set(card.taskId, loading);
      picture(card.imageId).catch(() => undefined);
    }
  }

  /** The next one is shown at once; a refusal brings this one back with the reason. True = it is decided. */
  async function decide(verdict: Decide['verdict'], words: Pick<Decide, 'comment' | 'pin'> = {}): Promise<boolean> {
    const subject = detail.data.value;
    if (!subject || busy.value) return false;
    const { card, reviews, revision } = subject;
    busy.value = true;
    const next = items.value[at.value + 1] ?? items.value[at.value - 1] ?? null;
    decided.add(card.taskId);
    void open(next?.taskId ?? null);
    busy.value = false;
    try {
      await sendDecision(card.taskId, { revisionId: revision.id, seen: reviews.length, verdict, ...words });
      ahead.delete(card.taskId);
      clearTimeout(timer);
      back.value = { task: card.taskId, name: card.name, verdict };
      timer = setTimeout(() => { back.value = null; }, BACK_MS);
      queue.refetchSoon();
      return true;
    } catch (error) {
      decided.delete(card.taskId);
      toasts.problem(error);
      await open(card.taskId);
      queue.refetchSoon();
      return false;
    }
  }
  function takeBack(): void {
    const offer = back.value;
    back.value = null;
    if (offer) void open(offer.task);
  }

  // An empty place is filled by the first that waits, also when it comes later.
  watch([items, current], ([list, task]) => {
    const [first] = list;
    if (task === null && first && route.name === 'review') void open(first.taskId);
    warm();
  }, { immediate: true });
  watch(() => queue.data.value, (data) => {
    for (const task of decided) if (!data?.items.some((c) => c.taskId === task)) decided.delete(task);
  });
  on((event) => {
    if (event.type !== 'review' && event.type !== 'task' && event.type !== 'images') return;
    queue.refetchSoon();
    if (event.type === 'images') return;
    ahead.delete(event.task);
    if (event.task === current.value) detail.refetchSoon();
  }, () => { queue.refetchSoon(); detail.refetchSoon(); });
  onScopeDispose(() => { clearTimeout(timer); });

  return { shelf, setShelf, queue, items, at, current, detail, busy, back, open, step, picture, decide, takeBack };
}
export type Queue = ReturnType<typeof useQueue>;
