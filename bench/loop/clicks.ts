/**
 * What work costs, in acts of the hand: presses of the mouse button and of keys, as the editor takes them.
 *
 * - A box: 2 (both ends of a drag, or two clicks), and 1 for the class key where its class is another one than the last box's. Whoever labels takes one
 *   class after the other, so the boxes of an image are counted in the order of their classes.
 * - A prediction is rejected or gets another class: 2 (a click selects it, a key says what becomes of it).
 * - A badly placed prediction: as a box, since a new box replaces the one below it.
 * - Submitting an image: 1, also where nothing was wrong.
 *
 * Labelling from nothing is counted by the same rules: every true object is a box. Looking, scrolling and zooming cost nothing in either.
 */
export class ClickCounter {
  #lastClass: number | null = null;

  /** `drawn`: class indices of the boxes that were drawn on one image. Returns its acts. */
  image({ drawn, rejected, relabelled }: { drawn: readonly number[]; rejected: number; relabelled: number }): number {
    let acts = 1 + 2 * (rejected + relabelled);
    for (const index of drawn.toSorted((a, b) => a - b)) {
      acts += index === this.#lastClass ? 2 : 3;
      this.#lastClass = index;
    }
    return acts;
  }
}
