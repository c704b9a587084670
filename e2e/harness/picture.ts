/** README's screenshots are taken on the way, so that they show what is: EMEND_PICTURES=docs/images npm run e2e */
import { join } from 'node:path';
import type { Page } from '@playwright/test';

export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env['EMEND_PICTURES'];
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled' });
}
