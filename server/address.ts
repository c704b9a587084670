/** Where the server of a data directory is reached: written down while it runs, for commands on its machine, which know neither its port nor its address. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const fileOf = (dataDir: string): string => join(dataDir, 'address');

/** Returns what takes it away again. What a killed server leaves is written over by the next start. */
export async function recordAddress(dataDir: string, url: string): Promise<() => Promise<void>> {
  await writeFile(fileOf(dataDir), `${url}\n`);
  return () => rm(fileOf(dataDir), { force: true });
}

/** undefined = no server has said so. */
export async function recordedAddress(dataDir: string): Promise<string | undefined> {
  const text = (await readFile(fileOf(dataDir), 'utf8').catch(() => '')).trim();
  return URL.canParse(text) ? text : undefined;
}
