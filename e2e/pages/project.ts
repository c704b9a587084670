/** Getting to the demo project. */
import { expect, type Page } from '@playwright/test';

/** Signs in by the printed link and opens the demo project, which is still being made. */
export async function openDemo(page: Page, link: string): Promise<void> {
  await page.goto(link);
  await expect(page.getByTestId('project-card')).toBeVisible({ timeout: 60_000 });
  await expect(async () => {
    await page.goto(new URL('/', link).href);
    await page.getByTestId('project-card').click();
    await expect(page.getByTestId('loop-bar')).toBeVisible();
  }).toPass();
}

/** Address of the project that the page is in, without a slash at its end. */
export function projectUrl(page: Page): string {
  const match = /^(.*\/projects\/[^/]+)/.exec(page.url());
  return match?.[1] ?? page.url();
}
