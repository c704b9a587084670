// What `npm start` and `npm test` do before anything else. Plain Node ≥ 20 without dependencies: nothing may be installed yet.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'node_modules', '.bin');
const stamps = join(root, 'node_modules', '.emend');

/** A failure with one sentence for the person, and no stack. */
export class SetupError extends Error {}

/** The environment of everything that is started: the project's own Node and tools come first. */
export function environment(extra = {}) {
  return { ...process.env, PATH: `${bin}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH ?? ''}`, ...extra };
}

/** Runs a program to its end. Its output is shown only when it fails, or with `show`. */
export function run(command, args, { show = false, env = environment(), cwd = root } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio: show ? 'inherit' : ['ignore', 'pipe', 'pipe'], shell: process.platform === 'win32' });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => { output = (output + chunk).slice(-20_000); });
    child.on('error', (error) => { resolve({ code: 127, output: error.message }); });
    child.on('close', (code) => { resolve({ code: code ?? 1, output }); });
  });
}

export function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 11)) throw new SetupError(`Emend needs Node 20.11 or newer to start; this is ${process.versions.node}. Install a newer Node and try again.`);
}

/** One line per step: its name at once, its time when it is done. */
export async function step(name, work) {
  const began = Date.now();
  const tty = process.stdout.isTTY;
  if (tty) process.stdout.write(`  ${name} …`);
  else process.stdout.write(`  ${name} …\n`);
  const note = await work();
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  process.stdout.write(`${tty ? '\r' : ''}  ${name.padEnd(34)} ${`${seconds} s`.padStart(8)}${note ? `   ${note}` : ''}\n`);
}

/** Installs what package-lock.json says, generates the database client, builds the browser's part: each only when its inputs have changed. */
export async function setUp({ client = true } = {}) {
  checkNode();
  await stamped('installed', ['package-lock.json', '.npmrc'], 'Installing packages', install);
  await stamped('database-client', ['prisma/schema.prisma'], 'Preparing the database client', () => node('scripts/db-generate.mjs', 'The database client could not be made'), join(root, 'prisma', 'generated', 'client.ts'));
  if (client) await stamped('client', ['client', 'core', 'models', 'vite.config.ts', 'package-lock.json'], 'Building the client', build, join(root, 'client', 'dist', 'index.html'));
}

async function install() {
  const { code, output } = await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { env: process.env });
  if (code !== 0) throw new SetupError(`The packages could not be installed. ${reasonOf(output)}\n\n${output.split('\n').filter((line) => line.startsWith('npm error')).slice(0, 6).join('\n')}`);
  if (!existsSync(join(bin, process.platform === 'win32' ? 'node.cmd' : 'node'))) throw new SetupError('The project’s own Node was not installed: npm was told to skip install scripts. Run "npm ci" without --ignore-scripts, then try again.');
}

/** What npm's code means for the person, and what to do. */
function reasonOf(output) {
  if (output.includes('ENOSPC')) return 'The disk is full: make room for 2 GB, then try again.';
  if (output.includes('EUSAGE')) return 'package.json and package-lock.json do not belong together: run "npm install", then try again.';
  if (/EACCES|EPERM/.test(output)) return 'npm may not write here: check who owns this folder, then try again.';
  return 'Check the connection to the npm registry and the free disk space (2 GB), then try again.';
}

async function node(script, sentence) {
  const { code, output } = await run('node', [script]);
  if (code !== 0) throw new SetupError(`${sentence}.\n\n${output.trim()}`);
}

async function build() {
  const { code, output } = await run('vite', ['build']);
  if (code !== 0) throw new SetupError(`The client could not be built.\n\n${output.trim()}`);
}

/** Does the work when the hash of its inputs differs from the last time, or its product is missing. */
async function stamped(name, inputs, title, work, product = join(root, 'node_modules')) {
  const hash = createHash('sha256');
  for (const input of inputs) hashInto(hash, join(root, input));
  const digest = hash.digest('hex');
  const file = join(stamps, name);
  if (existsSync(product) && existsSync(file) && readFileSync(file, 'utf8') === digest) return;
  await step(title, work);
  mkdirSync(stamps, { recursive: true });
  writeFileSync(file, digest);
}

function hashInto(hash, path) {
  if (!existsSync(path)) return;
  if (!statSync(path).isDirectory()) {
    hash.update(path.slice(root.length)).update(readFileSync(path));
    return;
  }
  for (const entry of readdirSync(path).sort()) {
    // What is made, tested or documented does not change what is built.
    if (['dist', 'fixtures', '__pycache__', 'node_modules'].includes(entry) || /\.(test\.ts|md|py|pt|txt|in)$/.test(entry)) continue;
    hashInto(hash, join(path, entry));
  }
}

/** Prints the sentence of an expected failure, the whole of any other, and ends. */
export function giveUp(error) {
  process.stderr.write(`\n${error instanceof SetupError ? error.message : (error?.stack ?? error)}\n`);
  process.exit(1);
}
