import { computed, shallowRef, watch, type Ref } from 'vue';
import type { MaskOffers } from '#core/api/mask.ts';
import type { Rle } from '#core/geometry/rle.ts';
import type { Shape } from '../../editor/shapes.ts';
import { useToasts } from '../../ui/toasts.ts';
import { fetchMasks } from './api.ts';
import type { OpenTask } from './openTask.ts';

export interface Candidate {
  readonly rle: Rle;
  readonly model: string;
  readonly score: number;
}

/** What a shape's masks depend on: offers for another box or other clicks are not its own. */
function questionOf(shape: Shape): string {
  return JSON.stringify([shape.boxFrom === 'mask' ? null : shape.box, shape.points ?? []]);
}

/** The masks that the model offers for the selected instance, asked for when somebody wants another one than the best. */
export function useCandidates(open: Ref<OpenTask | null>, selected: Ref<Shape | null>) {
  const toasts = useToasts();
  const known = shallowRef<{ task: string; question: string; list: readonly Candidate[] } | null>(null);
  let asking = false;

  const list = computed<readonly Candidate[]>(() => {
    const shape = selected.value;
    const now = known.value;
    return shape && now && shape.kind !== 'freeform' && now.task === open.value?.dto.id && now.question === questionOf(shape) ? now.list : [];
  });
  const chosen = computed(() => list.value.findIndex(({ rle }) => rle.counts === selected.value?.mask?.counts));
  watch(() => open.value?.dto.id, () => (known.value = null));

  function pick(index: number): void {
    const shape = selected.value;
    const candidate = list.value[index];
    if (shape && candidate && index !== chosen.value) open.value?.editor.outlines.choose(shape, candidate);
  }

  async function cycle(): Promise<void> {
    const [task, shape] = [open.value, selected.value];
    if (!task || !shape || task.editor.readOnly || asking) return;
    if (!task.editor.outlines.takesMask(shape)) return;
    if (list.value.length === 0) await ask(task, shape);
    if (list.value.length === 1) return toasts.tell(`${list.value[0]?.model ?? 'The model'} gives one mask here. Clicks (P) mend it.`);
    if (list.value.length > 1) pick((chosen.value + 1) % list.value.length);
  }

  async function ask(task: OpenTask, shape: Shape): Promise<void> {
    asking = true;
    try {
      const offers = await fetchMasks(task.dto.id, { ...(shape.boxFrom === 'mask' ? {} : { box: shape.box }), ...(shape.points ? { points: shape.points } : {}) });
      known.value = { task: task.dto.id, question: questionOf(shape), list: withPresent(shape, offers) };
    } catch (error) {
      toasts.problem(error);
    } finally {
      asking = false;
    }
  }

  return { list, chosen, cycle, pick };
}

/** The mask that is there stays among them: it may be a prediction's, or have been refined from an earlier one. */
function withPresent({ mask, maskModel, maskScore, score }: Shape, { model, candidates }: MaskOffers): Candidate[] {
  const offered = candidates.map((candidate) => ({ ...candidate, model: candidate.model ?? model }));
  if (!mask || offered.some(({ rle }) => rle.counts === mask.counts)) return offered;
  return [{ rle: mask, model: maskModel ?? 'the prediction', score: maskScore ?? score ?? 0 }, ...offered];
}
