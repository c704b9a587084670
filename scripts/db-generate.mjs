// Generates the Prisma client into prisma/generated. Needs no network: `generate` wants a schema-engine binary only to find it
// there, so any existing file will do (migrations are applied by the server itself, see server/database/migrate.ts).
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const cli = fileURLToPath(new URL('../node_modules/prisma/build/index.js', import.meta.url));
const result = spawnSync(process.execPath, [cli, 'generate'], {
  cwd: root,
  stdio: ['ignore', 'pipe', 'pipe'],
  encoding: 'utf8',
  env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_HIDE_UPDATE_MESSAGE: '1', CHECKPOINT_DISABLE: '1' },
});
if (result.status !== 0) {
  process.stderr.write(`${result.stdout}${result.stderr}\nCould not generate the database client. Delete node_modules and run npm ci.\n`);
  process.exit(1);
}
