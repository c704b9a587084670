// npm start: sets everything up, then runs the server on the project's own Node. With --dev the client is served by Vite and the server restarts on changes.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { environment, giveUp, root, setUp } from './setup.mjs';

const dev = process.argv.includes('--dev');

async function main() {
  process.stdout.write('\n  Emend\n\n');
  await setUp({ client: !dev });
  const programs = [spawnNode([...(dev ? ['--watch'] : []), join(root, 'server', 'main.ts')])];
  if (dev) programs.push(spawnNode([join(root, 'node_modules', 'vite', 'bin', 'vite.js')]));
  // The terminal sends Ctrl-C to the whole group, so the server hears it too; SIGTERM comes to this process alone and is passed on.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => { for (const program of programs) program.kill('SIGTERM'); });
  const [server] = programs;
  server.on('exit', (code, signal) => {
    for (const program of programs) program.kill('SIGTERM');
    process.exit(code ?? (signal === null ? 1 : 0));
  });
}

function spawnNode(args) {
  const own = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');
  return spawn(own, args, { cwd: root, stdio: 'inherit', env: environment(), shell: process.platform === 'win32' });
}

main().catch(giveUp);
