import { onScopeDispose, shallowRef, watch, type Ref } from 'vue';
import { faceColor } from '../../ui/faceColor.ts';
import type { FaceOf } from '../../ui/faces.ts';
import type { Editor, Peer } from '../../editor/editor.ts';
import { approach, seenBy } from '../../editor/follow.ts';
import type { OpenTask, Person } from './openTask.ts';
import type { Presence } from './usePeople.ts';

/** Sees what a colleague sees, and goes along to their next picture, until one moves the view, draws, or presses Esc. */
export function useFollow(open: Ref<OpenTask | null>, present: Ref<readonly Presence[]>, go: (task: string) => Promise<void>, faceOf: FaceOf) {
  const following = shallowRef<(Person & { color: string }) | null>(null);
  const still = matchMedia('(prefers-reduced-motion: reduce)');
  let frame = 0;
  let last = 0;
  /** The view that following itself has set: any other is the person's own doing. */
  let set: Editor['view'] | null = null;

  function start(person: Person): void {
    following.value = { id: person.id, name: person.name, color: faceColor(faceOf(person.id)) };
    set = null;
    last = performance.now();
    step();
  }
  function stop(): boolean {
    const was = following.value !== null;
    following.value = null;
    cancelAnimationFrame(frame);
    frame = 0;
    return was;
  }
  const leader = (editor: Editor): Peer | undefined => editor.peers.find((p) => p.id === following.value?.id && p.viewport !== undefined);

  function step(): void {
    frame = 0;
    const editor = open.value?.editor;
    const peer = editor && leader(editor);
    if (!editor || !peer) return;
    const now = performance.now();
    const { view, arrived } = approach(editor.view, seenBy(peer, editor.view, editor.image), still.matches ? Infinity : now - last);
    last = now;
    if (view !== editor.view) editor.setView((set = view));
    if (!arrived) frame = requestAnimationFrame(step);
  }
  function wake(): void {
    if (following.value === null || frame !== 0) return;
    last = performance.now() - 16;
    frame = requestAnimationFrame(step);
  }
  function viewed(editor: Editor): void {
    const own = set !== null && editor.view !== set && editor.view.width === set.width && editor.view.height === set.height;
    if (following.value !== null && own) stop();
    else if (following.value !== null && editor.view !== set) wake();
  }

  watch(open, (task, _before, onCleanup) => {
    set = null;
    if (!task) return;
    const { editor } = task;
    const ends = [
      editor.events.on('view', () => viewed(editor)),
      editor.events.on('overlay', () => (editor.preview ? void stop() : wake())),
    ];
    wake();
    onCleanup(() => {
      for (const end of ends) end();
    });
  }, { immediate: true });
  // Whoever is followed has gone on to another picture.
  watch(present, (people) => {
    const led = people.find((p) => p.id === following.value?.id);
    const here = open.value;
    if (led?.task && here && led.task !== here.dto.id && !leader(here.editor)) void go(led.task);
  });
  onScopeDispose(stop);
  return { following, start, stop };
}

export type Follow = ReturnType<typeof useFollow>;
