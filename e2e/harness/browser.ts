/**
 * The Chromium for end-to-end tests: CHROMIUM_PATH, an installed Chrome or Chromium, Playwright's own, else the one that comes with npm's
 * @sparticuz/chromium. Never none: without any the tests fail and say why.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

export interface Browser {
  executablePath: string;
  /** The bundled browser brings libraries that a bare system has not. */
  env: Record<string, string>;
}

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/** Software rendering, no sandbox (the tests may run as root in a container), and nothing that looks for the network. */
export const ARGS = [
  '--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist', '--disable-dev-shm-usage',
  '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run', '--disable-quic',
];

export async function findBrowser(): Promise<Browser> {
  const given = process.env['CHROMIUM_PATH'];
  if (given) return check({ executablePath: given, env: {} }, 'CHROMIUM_PATH');
  for (const name of NAMES) {
    const found = (process.env['PATH'] ?? '').split(':').map((dir) => join(dir, name)).find((path) => existsSync(path));
    if (found !== undefined) return check({ executablePath: found, env: {} }, found);
  }
  const own = chromium.executablePath();
  if (own && existsSync(own)) return check({ executablePath: own, env: {} }, 'Playwright’s own Chromium');
  return check(await bundled(), '@sparticuz/chromium');
}

async function bundled(): Promise<Browser> {
  // The package unpacks its libraries (NSS and others) only where it believes to be on Amazon's functions; they serve any bare Linux.
  process.env['AWS_LAMBDA_JS_RUNTIME'] ??= 'nodejs22.x';
  const { default: pack } = await import('@sparticuz/chromium');
  return { executablePath: await pack.executablePath(), env: { LD_LIBRARY_PATH: process.env['LD_LIBRARY_PATH'] ?? '' } };
}

function check(browser: Browser, origin: string): Browser {
  try {
    execFileSync(browser.executablePath, ['--version', '--no-sandbox'], { env: { ...process.env, ...browser.env }, stdio: 'pipe', timeout: 60_000 });
    return browser;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n').slice(0, 3).join(' ') : String(error);
    throw new Error(`The browser (${origin}) does not start: ${reason}\nInstall Chromium (Debian: apt-get install chromium) or set CHROMIUM_PATH.`);
  }
}
