import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue';
import { useRouter } from 'vue-router';
import type { NextTasks, TaskCard } from '#core/api/image.ts';
import type { ProjectDto } from '#core/api/project.ts';
import { EmendError } from '#core/errors.ts';
import type { ProjectEvent } from '#core/protocol.ts';
import { asProblem } from '../../api.ts';
import { useSession } from '../../session.ts';
import { openRoom } from '../../sync/openRoom.ts';
import { isRefusal } from '../../sync/room.ts';
import { socketTransport, useProjectEvents } from '../../sync/socket.ts';
import { useResource } from '../../ui/resource.ts';
import { useToasts } from '../../ui/toasts.ts';
import { fetchLoop } from '../shell/index.ts';
import { fetchNext, fetchProject, reopenTask, skipTask } from './api.ts';
import { Departures } from './departures.ts';
import { takeFirst, useHolding } from './holding.ts';
import { useLeading } from './leading.ts';
import type { FaceOf } from '../../ui/faces.ts';
import { openTask, type OpenTask } from './openTask.ts';
import { Outbox, UnsentEdits } from './outbox.ts';
import { Prefetch } from './prefetch.ts';
import { useDesk } from './useDesk.ts';
import { useFlag } from './useFlag.ts';

export type Phase = 'loading' | 'ready' | 'empty' | 'error';
/** The picture that was just submitted and can be had back. */
export interface Back {
  readonly task: string;
  readonly name: string;
  readonly done: Promise<boolean>;
}

export const BACK_MS = 5000;
const LEAST_LOOK_MS = 350;
const AHEAD = 3;

/** The annotator's way through the pictures: what is open, what comes next, submitting, skipping, going back. */
export function useCorrect(project: Ref<string>, wanted: Ref<string | null>, size: () => { width: number; height: number }, faceOf: FaceOf) {
  const { me } = useSession();
  const [toasts, router] = [useToasts(), useRouter()];
  const desk = useDesk(project.value);
  const prefetch = new Prefetch();
  const info = shallowRef<ProjectDto | null>(null);
  const next = shallowRef<NextTasks | null>(null);
  const open = shallowRef<OpenTask | null>(null);
  const picture = shallowRef<ImageBitmap | null>(null);
  const phase = ref<Phase>('loading');
  const problem = shallowRef<EmendError | null>(null);
  const pictureProblem = shallowRef<EmendError | null>(null);
  const back = shallowRef<Back | null>(null);
  const { flagged, flagNote, toggleFlag } = useFlag(open, (task) => prefetch.drop(task));
  const holding = useHolding(open, info);
  const leading = useLeading(open, phase);
  const loop = useResource(() => project.value || null, fetchLoop);
  const enough = computed(() => loop.data.value?.next === 'freeze');
  const trail: string[] = [];
  let [turn, shownAt] = [0, 0];
  let backTimer: ReturnType<typeof setTimeout> | undefined;
  const whose = () => ({ user: me.value?.id ?? '', project: project.value });
  const departures = new Departures(new Outbox(whose), new UnsentEdits(whose), (task) => {
    prefetch.drop(task);
    void refreshNext();
  });

  const upcoming = computed<TaskCard[]>(() => {
    const cards = [next.value?.current, ...(next.value?.upcoming ?? [])].filter((c): c is TaskCard => c !== null && c !== undefined);
    const waiting = cards.filter((c) => c.id !== open.value?.dto.id && c.state !== 'submitted' && c.state !== 'skipped' && !departures.submitted.has(c.id));
    // What was looked at and left comes after what was not seen yet.
    return [...waiting.filter((c) => !trail.includes(c.id)), ...waiting.filter((c) => trail.includes(c.id))];
  });

  async function start(): Promise<void> {
    phase.value = 'loading';
    problem.value = null;
    try {
      const [loaded] = await Promise.all([fetchProject(project.value), refreshNext(true)]);
      info.value = loaded;
      desk.keepWithin(loaded.classes);
      if (loaded.role !== 'viewer') departures.resume((task) => openRoom(task, me.value?.id ?? '', socketTransport()), wanted.value);
      await go(wanted.value ?? upcoming.value[0]?.id ?? null);
    } catch (error) {
      fail(error);
    }
  }

  function fail(error: unknown): void {
    problem.value = asProblem(error);
    phase.value = 'error';
  }

  /** Asks what comes next. Failures matter only where nothing is known yet: later the strip is simply not newer. */
  async function refreshNext(must = false): Promise<void> {
    try {
      const got = await fetchNext(project.value, open.value?.dto.id ?? null);
      next.value = got;
      if (got.current !== null && got.current.id === open.value?.dto.id) holding.heldBy(got.holder);
      warm();
    } catch (error) {
      // A project without any picture has no queue yet, and whoever only looks on has none at all.
      if (error instanceof EmendError && (error.code === 'not_found' || error.code === 'forbidden')) next.value = { current: null, holder: null, upcoming: [], left: 0, total: 0, predicting: false };
      else if (must) throw error;
    }
  }

  const takeNext = (): Promise<string | null> => takeFirst(project.value, upcoming.value);

  function warm(): void {
    for (const card of upcoming.value.slice(0, AHEAD)) prefetch.load(card.id, card.imageId);
  }

  /** Shows a task; what was open before is left (unless `departed`: it is on its way already). */
  async function go(id: string | null, departed = false): Promise<void> {
    const mine = ++turn;
    const before = open.value;
    if (before && !departed) void departures.leave(before);
    open.value = null;
    picture.value = null;
    if (id === null) {
      phase.value = 'empty';
      void router.replace({ name: 'correct', params: { project: project.value } });
      return;
    }
    phase.value = 'loading';
    try {
      await show(id, mine);
    } catch (error) {
      prefetch.drop(id);
      if (mine === turn) fail(error);
    }
  }

  async function show(id: string, mine: number): Promise<void> {
    const card = upcoming.value.find((c) => c.id === id);
    const entry = prefetch.load(id, card?.imageId);
    const dto = await entry.task;
    const room = await departures.reclaim(id);
    const within = info.value;
    if (mine !== turn || !within || !me.value) return room?.close();
    problem.value = null;
    holding.opening(dto.holder);
    open.value = openTask(dto, within, me.value, desk.desk, size(), faceOf, room);
    if (!open.value.editor.readOnly) departures.follow(open.value);
    phase.value = 'ready';
    shownAt = performance.now();
    if (trail.at(-1) !== id) trail.push(id);
    if (wanted.value !== id) void router.replace({ name: 'correct', params: { project: project.value, task: id } });
    pictureProblem.value = null;
    entry.picture.then((bitmap) => mine === turn && (picture.value = bitmap), (error: unknown) => mine === turn && (pictureProblem.value = asProblem(error)));
    void refreshNext();
  }

  // ── what a person does ─────────────────────────────────────────────────────────────────────────
  async function submit(): Promise<void> {
    const leaving = open.value;
    // The second stroke of a double tap is not meant for a picture that has only just appeared.
    if (!leaving || phase.value !== 'ready' || performance.now() - shownAt < LEAST_LOOK_MS) return;
    if (leaving.dto.state === 'submitted' || leaving.room.provider.state === 'closed') return leading.onward(forward);
    if (leaving.editor.readOnly) return;
    leaving.editor.tool.cancel();
    const [first] = upcoming.value;
    const done = departures.submit(leaving);
    if (await leading.returned(done)) return;
    offerBack({ task: leaving.dto.id, name: leaving.dto.image.name, done });
    // The next one is usually kept for this person already: then there is nothing to wait for.
    if (first?.state === 'assigned') return go(first.id, true);
    open.value = null;
    phase.value = 'loading';
    const following = await takeNext();
    if (following !== null) return go(following, true);
    await done;
    await refreshNext();
    await go(await takeNext(), true);
  }

  function offerBack(offer: Back | null): void {
    clearTimeout(backTimer);
    back.value = offer;
    if (!offer) return;
    backTimer = setTimeout(() => (back.value = null), BACK_MS);
    void offer.done.then((ok) => !ok && back.value === offer && (back.value = null));
  }

  /** Restores the picture that was just submitted, as it was. */
  async function takeBack(): Promise<void> {
    const offer = back.value;
    if (!offer) return;
    offerBack(null);
    if (await departures.withdraw(offer.task)) return go(offer.task);
    await reopen(offer.task, offer.done);
  }

  async function reopen(task: string, after: Promise<unknown> = Promise.resolve()): Promise<void> {
    await after;
    try {
      await reopenTask(task);
      departures.submitted.delete(task);
      prefetch.drop(task);
      await go(task);
    } catch (error) {
      toasts.problem(error);
    }
  }

  async function skip(reason?: string): Promise<void> {
    const leaving = open.value;
    if (!leaving || leaving.editor.readOnly) return;
    const id = leaving.dto.id;
    departures.submitted.add(id);
    const following = await takeNext();
    const moved = following === null ? Promise.resolve() : go(following);
    try {
      await skipTask(id, reason);
      prefetch.drop(id);
    } catch (error) {
      departures.submitted.delete(id);
      toasts.problem(error);
      if (following === null) return;
    }
    await moved;
    await refreshNext();
    if (following === null) await go(await takeNext());
  }

  /** Opens the task anew. What the server refused is given to `keep` and then forgotten here; what it only could not take is sent again. */
  async function reload(keep: (refused: OpenTask) => void): Promise<void> {
    const now = open.value;
    if (!now) return;
    prefetch.drop(now.dto.id);
    const { problem, state } = now.room.provider;
    const refused = problem !== null && state === 'failed' && isRefusal(problem);
    if (refused) keep(now);
    if (refused || state === 'closed') await now.room.forget();
    await go(now.dto.id);
  }

  /** The next picture without submitting this one, which stays to be done. */
  async function forward(): Promise<void> {
    const at = trail.lastIndexOf(open.value?.dto.id ?? '');
    const id = trail[at + 1] ?? (await takeNext());
    if (id !== null) await go(id);
    else toasts.tell('This is the last picture that waits for you.');
  }

  async function previous(): Promise<void> {
    const at = trail.lastIndexOf(open.value?.dto.id ?? '');
    const id = trail[(at < 0 ? trail.length : at) - 1];
    if (id === undefined) return toasts.tell('This is the first picture of this sitting.');
    // Going back to what was just submitted is taking it back.
    if (back.value?.task === id) return takeBack();
    trail.splice(at < 0 ? trail.length : at);
    await go(id);
  }

  // ── what others do ─────────────────────────────────────────────────────────────────────────────
  let soon: ReturnType<typeof setTimeout> | undefined;
  function refreshSoon(): void {
    clearTimeout(soon);
    soon = setTimeout(() => void (phase.value === 'empty' ? start() : refreshNext()), 400);
  }
  function heard(event: ProjectEvent): void {
    if (event.type === 'loop' || event.type === 'version') loop.refetchSoon();
    if (event.type === 'project') void fetchProject(project.value).then((p) => (info.value = p), () => undefined);
    if (event.type === 'review' && event.state === 'returned') {
      // What was done is to be done again, as if it had not been seen yet.
      departures.submitted.delete(event.task);
      trail.splice(0, trail.length, ...trail.filter((id) => id !== event.task));
      prefetch.drop(event.task);
      refreshSoon();
    }
    if (event.type === 'task' && event.task === open.value?.dto.id && event.by !== me.value?.id) refreshSoon();
    if (event.type === 'task' && event.task !== open.value?.dto.id && !departures.submitted.has(event.task)) {
      prefetch.drop(event.task);
      refreshSoon();
    }
    if (event.type === 'model' || event.type === 'images') {
      prefetch.clear(open.value?.dto.id);
      refreshSoon();
    }
  }
  useProjectEvents(project, heard, () => refreshSoon());

  watch(wanted, (id) => {
    if (id !== null && id !== open.value?.dto.id && phase.value !== 'loading') void go(id);
  });
  onScopeDispose(() => {
    turn += 1;
    clearTimeout(backTimer);
    clearTimeout(soon);
    if (open.value) void departures.leave(open.value);
    departures.end();
  });

  return {
    me, info, next, open, picture, pictureProblem, phase, problem, upcoming, back, flagged, flagNote, lookingOn: holding.lookingOn, help: () => holding.help(), desk, enough, failures: departures.failures, waiting: departures.waiting,
    start, go, submit, afterSubmit: leading.afterSubmit, skip, toggleFlag, forward, previous, takeBack, reopen, reload, dismiss: (task: string) => departures.dismiss(task),
  };
}

export type Correct = ReturnType<typeof useCorrect>;
