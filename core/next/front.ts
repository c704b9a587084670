/** Tasks that a person has put in front: they keep their place when the queue is ranked anew, and among each other the order that they had. */

/** What is ranked has a priority of at most 1; from here on it is a person's choice. */
export const FRONT = 10;

export function inFront(priority: number): boolean {
  return priority >= FRONT;
}
