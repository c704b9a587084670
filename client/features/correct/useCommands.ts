import { ref, watch, type Ref } from 'vue';
import type { ClassDto } from '#core/api/project.ts';
import type { Point } from '#core/geometry/polygon.ts';
import { classOfDigit } from '../../editor/classes.ts';
import { arrowOf, type Action } from '../../editor/keymap.ts';
import type { Correct } from './useCorrect.ts';
import { useKeys } from './useKeys.ts';

export interface CommandSurroundings {
  readonly correct: Correct;
  readonly classes: Ref<readonly ClassDto[]>;
  readonly host: Ref<HTMLElement | null>;
  readonly panel: Ref<HTMLElement | null>;
  readonly byKey: Ref<boolean>;
  /** Stops following a colleague; false when nobody was followed. */
  stopFollowing(): boolean;
  /** Takes the next of the masks that the model offers. */
  cycleMasks(): Promise<void>;
}

const ZOOM_STEP = 1.4;

/** What the keys and the buttons do, and the overlays that they open. */
export function useCommands({ correct, classes, host, panel, byKey, stopFollowing, cycleMasks }: CommandSurroundings) {
  const { desk, back } = correct;
  const search = ref<{ at: Point; menu: boolean } | null>(null);
  const help = ref(false);
  const adjusting = ref(false);
  /** What is asked beside the picture: why it is skipped, or why it is flagged. */
  const asking = ref<'skip' | 'flag' | null>(null);
  const editor = () => correct.open.value?.editor ?? null;

  function pick(classIndex: number): void {
    editor()?.setClass(classIndex);
    desk.save();
    closeSearch();
  }
  function closeSearch(): void {
    if (search.value === null) return;
    search.value = null;
    host.value?.focus({ preventScroll: true });
    byKey.value = false;
  }
  function openSearch(): void {
    const element = host.value;
    if (!element || !editor()) return;
    search.value = { at: editor()?.pointer?.screen ?? [element.clientWidth / 2 - 110, element.clientHeight / 3], menu: false };
  }
  function toggleMasks(): void {
    desk.desk.masks = !desk.desk.masks;
    desk.save();
    editor()?.events.emit('overlay');
  }
  function toggleTighten(): void {
    desk.desk.tighten = !desk.desk.tighten;
    desk.save();
    editor()?.events.emit('overlay');
  }
  function setBrush(diameter: number, erasing: boolean): void {
    editor()?.setBrush(diameter, erasing);
    desk.save();
  }
  function stepBrush(step: 1 | -1): void {
    editor()?.stepBrush(step);
    desk.save();
  }
  function undo(): void {
    const now = editor();
    // Of an outline in the making it is the last corner; with nothing left to undo here, what is undone is the last submit.
    if (now?.stepBack()) return;
    if (now && now.undo.undoStack.length > 0) now.undo.undo();
    else if (back.value) void correct.takeBack();
  }
  function cancel(): void {
    if (help.value) help.value = false;
    else if (adjusting.value) adjusting.value = false;
    else if (!stopFollowing()) editor()?.cancel();
  }
  function askSkip(): void {
    if (editor() && !editor()?.readOnly) asking.value = asking.value === 'skip' ? null : 'skip';
  }
  function flag(): void {
    // Who may only look may not flag either; an image that is submitted may be flagged all the same.
    if (!editor() || (editor()?.readOnly && correct.open.value?.dto.state !== 'submitted')) return;
    asking.value = correct.flagged.value ? null : 'flag';
    void correct.toggleFlag();
  }
  function stopAsking(): void {
    asking.value = null;
    host.value?.focus({ preventScroll: true });
    byKey.value = false;
  }
  function skip(reason: string | undefined): void {
    stopAsking();
    void correct.skip(reason);
  }
  // What was asked of one picture is not answered for the next.
  watch(() => correct.open.value?.dto.id, () => (asking.value = null));
  function switchPanel(): void {
    const inside = panel.value?.contains(document.activeElement) ?? false;
    const target = inside ? host.value : panel.value?.querySelector<HTMLElement>('[tabindex="0"], button');
    target?.focus();
    byKey.value = inside;
  }

  function nudge(key: string, pixels: number, size: boolean): void {
    const [dx, dy] = arrowOf(key) ?? [0, 0];
    editor()?.keys.nudge({ dx: dx * pixels, dy: dy * pixels, size });
  }

  const actions: Record<Action, (key: string) => void> = {
    move: (key) => nudge(key, 1, false),
    'move.far': (key) => nudge(key, 10, false),
    size: (key) => nudge(key, 1, true),
    'size.far': (key) => nudge(key, 10, true),
    'box.place': () => editor()?.keys.placeBox(),
    'class.search': openSearch,
    'unsure.next': () => editor()?.stepUnsure(1),
    'unsure.back': () => editor()?.stepUnsure(-1),
    erase: () => {
      if (!editor()?.stepBack()) editor()?.erase();
    },
    undo,
    redo: () => editor()?.undo.redo(),
    'duplicate.keep': () => editor()?.keepDuplicate(),
    'tool.select': () => editor()?.setTool('select'),
    'tool.box': () => editor()?.setTool('box'),
    'tool.points': () => editor()?.setTool('points'),
    'tool.polygon': () => editor()?.setTool('polygon'),
    'tool.brush': () => (desk.desk.tool === 'brush' ? setBrush(desk.desk.brush, !desk.desk.erasing) : editor()?.setTool('brush')),
    'brush.smaller': () => stepBrush(-1),
    'brush.larger': () => stepBrush(1),
    tighten: () => editor()?.outlines.tighten(editor()?.selected() ?? null),
    'tighten.always': toggleTighten,
    'mask.cycle': () => void cycleMasks(),
    'image.next': () => void correct.forward(),
    'image.previous': () => void correct.previous(),
    'image.skip': askSkip,
    'image.flag': flag,
    submit: () => void (editor()?.finish() || correct.submit()),
    'masks.toggle': toggleMasks,
    'hide.hold': () => editor()?.setHidden(true),
    'view.fit': () => editor()?.fit(),
    'view.in': () => editor()?.zoomCentre(ZOOM_STEP),
    'view.out': () => editor()?.zoomCentre(1 / ZOOM_STEP),
    picture: () => (adjusting.value = !adjusting.value),
    help: () => (help.value = !help.value),
    panel: switchPanel,
    cancel,
  };

  useKeys({
    run(action, key) {
      // Under the list of keys nothing is done but leaving it.
      if (!help.value || action === 'help' || action === 'cancel') actions[action](key);
    },
    digit(digit) {
      const found = classOfDigit(digit, classes.value);
      if (found && !help.value) pick(found.index);
    },
    hide: (hidden) => editor()?.setHidden(hidden),
    paused: () => search.value !== null || asking.value === 'skip',
  });

  return { search, help, adjusting, asking, askSkip, flag, skip, stopAsking, pick, openSearch, closeSearch, toggleMasks, toggleTighten, setBrush };
}
