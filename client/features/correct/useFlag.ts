import { ref, watch, type Ref } from 'vue';
import { useToasts } from '../../ui/toasts.ts';
import { flagTask } from './api.ts';
import type { OpenTask } from './openTask.ts';

/** The flag of the open picture and its note: shown at once, taken back when it could not be kept. */
export function useFlag(open: Ref<OpenTask | null>, kept: (task: string) => void) {
  const toasts = useToasts();
  const flagged = ref(false);
  const flagNote = ref('');
  watch(open, (task) => {
    if (task) [flagged.value, flagNote.value] = [task.dto.flagged, task.dto.flagNote ?? ''];
  }, { flush: 'sync' });

  /** With a note: flags it with these words. Without: flags it, or takes the flag away. */
  async function toggleFlag(note?: string): Promise<void> {
    const id = open.value?.dto.id;
    if (!id) return;
    const before = { flagged: flagged.value, note: flagNote.value };
    flagged.value = note !== undefined || !before.flagged;
    flagNote.value = note ?? '';
    try {
      await flagTask(id, flagged.value, flagNote.value);
      kept(id);
    } catch (error) {
      if (open.value?.dto.id === id) [flagged.value, flagNote.value] = [before.flagged, before.note];
      toasts.problem(error);
    }
  }
  return { flagged, flagNote, toggleFlag };
}
