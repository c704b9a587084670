// npm run emend -- COMMAND …: the command line, on the project's own Node.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { environment, giveUp, root, SetupError } from './setup.mjs';

const own = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');

function main() {
  if (!existsSync(own)) throw new SetupError('Nothing is installed yet. Run "npm start" once, then try again.');
  const child = spawn(own, [join(root, 'server', 'cli', 'main.ts'), ...process.argv.slice(2)], { stdio: 'inherit', cwd: root, env: environment(), shell: process.platform === 'win32' });
  process.on('SIGINT', () => undefined);
  child.on('error', giveUp);
  child.on('exit', (code) => { process.exit(code ?? 1); });
}

try {
  main();
} catch (error) {
  giveUp(error);
}
