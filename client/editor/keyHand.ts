import type { Box } from '#core/geometry/box.ts';
import type { Editor } from './editor.ts';
import { nudged } from './handles.ts';
import { isLive } from './tools/adjusting.ts';
import type { BoxTool } from './tools/box.ts';
import type { Nudge } from './tools/tool.ts';
import { fitsIn, middleBox, reveal } from './viewport.ts';

/** CSS pixels that an arrow key pans for each image pixel that it would move a shape. */
const PAN_STEP = 60;
/** Arrow keys that follow within so many milliseconds are one act, and one step of undo. */
const RUN_MS = 1000;

/** Drawing, moving, sizing and panning by keys alone. */
export class KeyHand {
  readonly #editor: Editor;
  readonly #box: BoxTool;
  /** The act that may go on: the step of undo that it made, of which shape, and when. */
  #run: { readonly step: unknown; readonly id: string; readonly at: number } | null = null;

  constructor(editor: Editor, box: BoxTool) {
    this.#editor = editor;
    this.#box = box;
  }

  /** An arrow key: for the box in the making, else for the selected shape, else for the view. */
  nudge(by: Nudge): void {
    const editor = this.#editor;
    if (editor.tool.nudge?.(by)) {
      if (editor.preview) this.#follow(editor.preview.box);
      return editor.events.emit('overlay');
    }
    if (editor.preview || editor.sketch) return; // the pointer has something in hand
    const shape = editor.selected();
    if (!shape || editor.readOnly || !isLive(shape)) return by.size ? undefined : editor.pan(-by.dx * PAN_STEP, -by.dy * PAN_STEP);
    const box = nudged(shape.box, by, editor.image);
    this.#inOneRun(() => editor.adjust(shape, box, false));
    this.#follow(box);
  }

  /** A box in the middle of the view, for the arrow keys. Enter keeps it, Esc drops it. */
  placeBox(): void {
    const editor = this.#editor;
    if (editor.readOnly) return;
    editor.setTool('box');
    editor.select(null);
    this.#box.place(middleBox(editor.view, editor.image));
    editor.events.emit('overlay');
  }

  /** Joins an act to the one before in undo, when that was the same hand on the same shape a moment ago. */
  #inOneRun(act: () => void): void {
    const { undo } = this.#editor;
    const run = this.#run;
    const goesOn = run !== null && run.step === undo.undoStack.at(-1) && run.id === this.#editor.selected()?.id && Date.now() - run.at < RUN_MS;
    undo.captureTimeout = goesOn ? Number.MAX_SAFE_INTEGER : 0;
    try {
      act();
    } finally {
      undo.captureTimeout = 0;
    }
    this.#run = { step: undo.undoStack.at(-1), id: this.#editor.selected()?.id ?? '', at: Date.now() };
  }

  /** Keeps what keys move in sight; what is larger than the canvas stays where it is. */
  #follow(box: Box): void {
    const { view, image } = this.#editor;
    if (fitsIn(view, box)) this.#editor.setView(reveal(view, image, box));
  }
}
