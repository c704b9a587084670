/** Everything that a key can do. The page proves at start that it has a handler for each. */
export type Action =
  | 'class.search' | 'unsure.next' | 'unsure.back' | 'erase' | 'undo' | 'redo' | 'duplicate.keep'
  | 'move' | 'move.far' | 'size' | 'size.far' | 'box.place'
  | 'tool.select' | 'tool.box' | 'tool.points' | 'tool.polygon' | 'tool.brush' | 'brush.smaller' | 'brush.larger' | 'tighten' | 'mask.cycle' | 'tighten.always'
  | 'image.next' | 'image.previous' | 'image.skip' | 'image.flag' | 'submit'
  | 'masks.toggle' | 'hide.hold' | 'view.fit' | 'view.in' | 'view.out' | 'picture' | 'help' | 'panel' | 'cancel';

export type KeyGroup = 'Correct' | 'Pictures' | 'View' | 'Tools';

export interface Binding {
  readonly action: Action;
  /** "Ctrl+", "Alt+" and "Shift+" before the key; Cmd counts as Ctrl. Shift is named for letters and named keys only. */
  readonly keys: readonly string[];
  readonly label: string;
  readonly group: KeyGroup;
}

const ARROWS = ['ArrowLeft', 'ArrowUp', 'ArrowRight', 'ArrowDown'];
const arrows = (modifiers: string): readonly string[] => ARROWS.map((key) => modifiers + key);

/** The one list of keys: the handler and the help overlay both read it. The digits belong to the classes (see `classKey`). */
export const KEYMAP: readonly Binding[] = [
  { action: 'class.search', keys: ['q'], label: 'Search a class at the pointer', group: 'Correct' },
  { action: 'unsure.next', keys: ['w', 'Tab'], label: 'Next unsure instance', group: 'Correct' },
  { action: 'unsure.back', keys: ['Shift+w', 'Shift+Tab'], label: 'Previous unsure instance', group: 'Correct' },
  { action: 'erase', keys: ['e', 'Delete', 'Backspace'], label: 'Reject a prediction, delete a box; again: take it back', group: 'Correct' },
  { action: 'duplicate.keep', keys: ['k'], label: 'Of duplicates keep the selected one', group: 'Correct' },
  { action: 'move', keys: arrows(''), label: 'Move the selected shape by a pixel; with none selected: pan', group: 'Correct' },
  { action: 'move.far', keys: arrows('Shift+'), label: 'The same by ten pixels', group: 'Correct' },
  { action: 'size', keys: arrows('Alt+'), label: 'Move its right or bottom edge by a pixel', group: 'Correct' },
  { action: 'size.far', keys: arrows('Alt+Shift+'), label: 'The same by ten pixels', group: 'Correct' },
  { action: 'undo', keys: ['z', 'Ctrl+z'], label: 'Undo', group: 'Correct' },
  { action: 'redo', keys: ['Shift+z', 'Ctrl+Shift+z', 'Ctrl+y'], label: 'Redo', group: 'Correct' },
  { action: 'cancel', keys: ['Escape'], label: 'Cancel what has begun; let go of the selection', group: 'Correct' },
  { action: 'submit', keys: ['Space', 'Enter'], label: 'Submit and next picture', group: 'Pictures' },
  { action: 'image.next', keys: ['f'], label: 'Next picture, without submitting', group: 'Pictures' },
  { action: 'image.previous', keys: ['d'], label: 'Previous picture', group: 'Pictures' },
  { action: 'image.skip', keys: ['s'], label: 'Skip this picture', group: 'Pictures' },
  { action: 'image.flag', keys: ['l'], label: 'Flag this picture for a second look', group: 'Pictures' },
  { action: 'view.fit', keys: ['0'], label: 'Fit the picture', group: 'View' },
  { action: 'view.in', keys: ['+', '='], label: 'Zoom in', group: 'View' },
  { action: 'view.out', keys: ['-'], label: 'Zoom out', group: 'View' },
  { action: 'masks.toggle', keys: ['a'], label: 'All masks on or off', group: 'View' },
  { action: 'hide.hold', keys: ['h'], label: 'Held: hide everything but the picture', group: 'View' },
  { action: 'picture', keys: ['i'], label: 'Brightness, contrast, gamma', group: 'View' },
  { action: 'panel', keys: ['F6'], label: 'To the panels and back', group: 'View' },
  { action: 'help', keys: ['?', 'F1'], label: 'This list', group: 'View' },
  { action: 'tool.select', keys: ['v'], label: 'Select: click, move, pan by dragging', group: 'Tools' },
  { action: 'tool.box', keys: ['b'], label: 'Box: drag or two clicks; with Alt over a selected shape', group: 'Tools' },
  { action: 'box.place', keys: ['n', 'Insert'], label: 'Box by keys: arrows move it, Alt and arrows size it, Enter keeps it, Esc drops it', group: 'Tools' },
  { action: 'tool.points', keys: ['p'], label: 'Points: click on the object, right click or Alt beside it; again on a mark: take it away', group: 'Tools' },
  { action: 'tool.polygon', keys: ['g'], label: 'Outline: click corners or drag a line; Enter closes, Backspace goes back', group: 'Tools' },
  { action: 'tool.brush', keys: ['r'], label: 'Brush: paint onto the selected mask; Alt or R again erases', group: 'Tools' },
  { action: 'brush.smaller', keys: ['['], label: 'Smaller brush', group: 'Tools' },
  { action: 'brush.larger', keys: [']'], label: 'Larger brush', group: 'Tools' },
  { action: 'mask.cycle', keys: ['x'], label: 'Another of the masks that the model offers', group: 'Tools' },
  { action: 'tighten', keys: ['t'], label: 'Box tight around its mask', group: 'Tools' },
  { action: 'tighten.always', keys: ['Shift+t'], label: 'On or off: tighten every box as soon as its mask is there', group: 'Tools' },
];

/** The fields of a keyboard event that name a key. */
export interface KeyInput {
  readonly key: string;
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

/** A key press in the notation of the list. */
export function keyName(input: KeyInput): string {
  const key = input.key === ' ' ? 'Space' : input.key.length === 1 ? input.key.toLowerCase() : input.key;
  const shiftCounts = input.shiftKey && (key.length > 1 || /^\p{L}$/u.test(key));
  return `${input.ctrlKey || input.metaKey ? 'Ctrl+' : ''}${input.altKey ? 'Alt+' : ''}${shiftCounts ? 'Shift+' : ''}${key}`;
}

const BY_KEY: ReadonlyMap<string, Action> = new Map(KEYMAP.flatMap((b) => b.keys.map((key) => [key, b.action] as const)));

export function actionOf(input: KeyInput): Action | null {
  return BY_KEY.get(keyName(input)) ?? null;
}

/** The class digit of a key press, 1…9, also where the layout wants Shift for digits; null for any other key. */
export function digitOf(input: KeyInput): number | null {
  if (input.ctrlKey || input.metaKey || input.altKey) return null;
  const digit = /^[1-9]$/.test(input.key) ? input.key : /^(?:Digit|Numpad)([1-9])$/.exec(input.code)?.[1];
  return digit === undefined ? null : Number(digit);
}

/** Where an arrow key points, in image directions; null for any other key. */
export function arrowOf(key: string): readonly [dx: -1 | 0 | 1, dy: -1 | 0 | 1] | null {
  switch (key) {
    case 'ArrowLeft': return [-1, 0];
    case 'ArrowRight': return [1, 0];
    case 'ArrowUp': return [0, -1];
    case 'ArrowDown': return [0, 1];
    default: return null;
  }
}

/** The keys of a binding as the list shows them: the four arrows are one. */
export function keyLabels({ keys }: Binding): string[] {
  return keys.flatMap((key) => (key.endsWith('ArrowLeft') ? [keyLabel(key.replace('ArrowLeft', '←↑→↓'))] : /Arrow/.test(key) ? [] : [keyLabel(key)]));
}

/** How a key is written for people. */
export function keyLabel(key: string): string {
  const names: Readonly<Record<string, string>> = { Escape: 'Esc', Delete: 'Del', Backspace: '⌫', Enter: '⏎', Tab: 'Tab' };
  return key.split(/(?<=.)\+(?=.)/).map((part) => names[part] ?? (part.length === 1 ? part.toUpperCase() : part)).join(' ');
}

/** The first key of an action, for labels on buttons. */
export function firstKey(action: Action): string {
  const key = KEYMAP.find((b) => b.action === action)?.keys[0];
  return key === undefined ? '' : keyLabel(key);
}
