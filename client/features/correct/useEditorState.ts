import { onScopeDispose, shallowRef, watch, type Ref, type ShallowRef } from 'vue';
import type { Problem } from '#core/errors.ts';
import type { ClassDto } from '#core/api/project.ts';
import type { Editor, MaskWork, Peer } from '../../editor/editor.ts';
import type { Derived, Shape } from '../../editor/shapes.ts';
import type { ToolId } from '../../editor/tools/tool.ts';
import { isRefusal, type SaveState } from '../../sync/room.ts';
import { closedWords } from './describe.ts';
import type { OpenTask } from './openTask.ts';

/** What the panels show of the editor. Each ref changes only when its value does, so that a moving pointer re-renders nothing. */
export interface EditorState {
  readonly derived: ShallowRef<Derived | null>;
  readonly selected: ShallowRef<Shape | null>;
  readonly hovered: ShallowRef<string | null>;
  readonly tool: ShallowRef<ToolId>;
  readonly classIndex: ShallowRef<number>;
  readonly masks: ShallowRef<boolean>;
  readonly brush: ShallowRef<number>;
  readonly erasing: ShallowRef<boolean>;
  readonly tighten: ShallowRef<boolean>;
  readonly readOnly: ShallowRef<boolean>;
  readonly maskWork: ShallowRef<ReadonlyMap<string, MaskWork>>;
  readonly peers: ShallowRef<readonly Peer[]>;
  readonly save: ShallowRef<SaveState>;
  /** Why the room is gone, where it is. */
  readonly closed: ShallowRef<string | null>;
  /** The server has looked at the edits and takes none of them. */
  readonly refused: ShallowRef<boolean>;
}

export function useEditorState(open: Ref<OpenTask | null>): EditorState {
  const state: EditorState = {
    derived: shallowRef(null), selected: shallowRef(null), hovered: shallowRef(null), tool: shallowRef('box'), classIndex: shallowRef(0), masks: shallowRef(true),
    brush: shallowRef(16), erasing: shallowRef(false), tighten: shallowRef(false),
    readOnly: shallowRef(false), maskWork: shallowRef(new Map()), peers: shallowRef([]), save: shallowRef('connecting'), closed: shallowRef(null), refused: shallowRef(false),
  };
  let ends: (() => void)[] = [];
  const end = (): void => {
    for (const stop of ends) stop();
    ends = [];
  };
  watch(open, (task) => {
    end();
    if (!task) {
      state.derived.value = null;
      state.selected.value = null;
      state.peers.value = [];
      return;
    }
    ends = follow(task, state);
  }, { immediate: true, flush: 'sync' });
  onScopeDispose(end);
  return state;
}

function follow({ editor, room }: OpenTask, state: EditorState): (() => void)[] {
  const read = (): void => readEditor(editor, state);
  const { events } = room.provider;
  state.save.value = room.provider.state;
  const tell = (problem: Problem | null): void => {
    state.closed.value = problem && closedWords(problem);
    state.refused.value = problem !== null && isRefusal(problem);
  };
  tell(room.provider.problem);
  read();
  return [
    ...(['scene', 'overlay', 'class'] as const).map((name) => editor.events.on(name, read)),
    events.on('state', (save) => (state.save.value = save)),
    events.on('closed', tell),
  ];
}

function readEditor(editor: Editor, state: EditorState): void {
  state.derived.value = editor.derived;
  state.selected.value = editor.selected();
  state.hovered.value = editor.hovered;
  state.tool.value = editor.desk.tool;
  state.classIndex.value = editor.desk.classIndex;
  state.masks.value = editor.desk.masks;
  state.brush.value = editor.desk.brush;
  state.erasing.value = editor.desk.erasing;
  state.tighten.value = editor.desk.tighten;
  state.readOnly.value = editor.readOnly;
  state.peers.value = editor.peers;
  if (!sameEntries(editor.maskWork, state.maskWork.value)) state.maskWork.value = new Map(editor.maskWork);
}

function sameEntries(a: ReadonlyMap<string, MaskWork>, b: ReadonlyMap<string, MaskWork>): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
}

/** The class with this index, or a stand-in that says so. */
export function classOf(classes: readonly ClassDto[], index: number): Pick<ClassDto, 'name' | 'color'> {
  return classes.find((c) => c.index === index) ?? { name: `class ${index}`, color: '#8d95a1' };
}
