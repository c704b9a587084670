/** The fields of a wheel event that tell a mouse from a trackpad. */
export interface WheelInput {
  readonly deltaX: number;
  readonly deltaY: number;
  readonly deltaMode: number;
  readonly ctrlKey: boolean;
}

export type WheelIntent = { readonly kind: 'zoom'; readonly factor: number } | { readonly kind: 'pan'; readonly dx: number; readonly dy: number };

const LINE = 18;
const PAGE = 400;

/**
 * A mouse's wheel zooms; on a trackpad two fingers pan and a pinch (reported as a wheel with Ctrl) zooms. Trackpads send small or
 * sideways steps, mice send whole notches of 50 px or more straight down or up.
 */
export function wheelIntent(event: WheelInput): WheelIntent {
  const unit = event.deltaMode === 1 ? LINE : event.deltaMode === 2 ? PAGE : 1;
  const [dx, dy] = [event.deltaX * unit, event.deltaY * unit];
  if (event.ctrlKey) return { kind: 'zoom', factor: Math.exp(-clamp(dy, 60) * 0.012) };
  const notch = event.deltaMode !== 0 || (dx === 0 && Number.isInteger(dy) && Math.abs(dy) >= 50);
  if (notch) return { kind: 'zoom', factor: Math.exp(-clamp(dy, 240) * 0.0018) };
  return { kind: 'pan', dx: -dx, dy: -dy };
}

function clamp(value: number, most: number): number {
  return Math.max(-most, Math.min(most, value));
}
