/** The page to correct on, as a person's hand knows it: image pixels in, mouse and keys out. */
import { expect, type Locator, type Page } from '@playwright/test';

export class Editor {
  readonly page: Page;
  readonly canvas: Locator;

  constructor(page: Page) {
    this.page = page;
    this.canvas = page.locator('canvas[data-view]');
  }

  /** A picture is there and its document is in step with the server. */
  async ready(): Promise<void> {
    await expect(this.page.getByTestId('correct-page')).toHaveAttribute('data-phase', 'ready', { timeout: 60_000 });
    await expect(this.page.getByTestId('save-state')).toHaveAttribute('data-state', 'saved', { timeout: 30_000 });
  }

  async task(): Promise<string> {
    return (await this.canvas.getAttribute('data-task')) ?? '';
  }

  /** Screen point of an image point. */
  async at(x: number, y: number): Promise<{ x: number; y: number }> {
    const [cx = 0, cy = 0, zoom = 1] = ((await this.canvas.getAttribute('data-view')) ?? '').split(',').map(Number);
    const box = await this.canvas.boundingBox();
    if (!box) throw new Error('the canvas is not on the screen');
    return { x: box.x + box.width / 2 + (x - cx) * zoom, y: box.y + box.height / 2 + (y - cy) * zoom };
  }

  async draw([x, y, w, h]: readonly [number, number, number, number]): Promise<void> {
    const [from, to] = [await this.at(x, y), await this.at(x + w, y + h)];
    await this.page.mouse.move(from.x, from.y);
    await this.page.mouse.down();
    await this.page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 4 });
    await this.page.mouse.move(to.x, to.y, { steps: 4 });
    await this.page.mouse.up();
  }

  async click(x: number, y: number): Promise<void> {
    const point = await this.at(x, y);
    await this.page.mouse.click(point.x, point.y);
  }

  /** The rows of the instance list. */
  instances(state?: string): Locator {
    return this.page.locator(`[data-testid="instance"]${state === undefined ? '' : `[data-state="${state}"]`}`);
  }

  async saved(): Promise<void> {
    await expect(this.page.getByTestId('save-state')).toHaveAttribute('data-state', 'saved');
  }

  async submit(): Promise<void> {
    const before = await this.task();
    await this.page.waitForTimeout(400); // a picture that has only just appeared cannot be submitted
    await this.page.keyboard.press('Space');
    await expect.poll(() => this.task()).not.toBe(before);
  }
}
