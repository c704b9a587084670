// npm run cuda        CUDA libraries for ONNX Runtime, which are left out of the installation (500 MB that few need)
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import process from 'node:process';

/** A failure with words for the person, and no stack. */
class CudaError extends Error {}

const force = process.argv.includes('--force');

/** Where onnxruntime-node's own install script and its libraries lie. */
function places() {
  try {
    const root = path.join(path.dirname(createRequire(import.meta.url).resolve('onnxruntime-node')), '..');
    return { script: path.join(root, 'script', 'install.js'), library: path.join(root, 'bin', 'napi-v6', 'linux', 'x64', 'libonnxruntime_providers_cuda.so') };
  } catch {
    throw new CudaError('onnxruntime-node is not installed. Run npm start or npm ci first.');
  }
}

/** The card's name, or null without a driver that answers. */
function card() {
  const asked = spawnSync('nvidia-smi', ['--query-gpu=name,driver_version', '--format=csv,noheader'], { encoding: 'utf8' });
  return asked.status === 0 ? asked.stdout.trim().split('\n')[0] : null;
}

/** Runs the package's own script. The flag in .npmrc says skip; the environment goes before it. */
function install(script) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script], { cwd: path.dirname(script), stdio: ['ignore', 'inherit', 'pipe'], env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'true' } });
    let errors = '';
    child.stderr.on('data', (chunk) => { errors = (errors + chunk).slice(-20_000); });
    child.on('close', (code) => { resolve({ code: code ?? 1, errors }); });
  });
}

function reasonOf(errors) {
  const line = errors.split('\n').find((text) => /Error:/.test(text)) ?? '';
  const code = /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOSPC|EACCES|EPERM|EROFS)\b/.exec(errors)?.[1];
  if (code === 'ENOSPC') return 'the disk is full (1.5 GB are needed for a moment)';
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return 'node_modules cannot be written to';
  if (code !== undefined) return `NuGet, where they come from, cannot be reached (${code})`;
  return line.replace(/^.*?Error: /, '').trim() || 'its install script gave no reason';
}

async function main() {
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new CudaError(`ONNX Runtime has CUDA libraries for Linux on x64 only; this is ${process.platform} on ${process.arch}. Masks and predictions run on WebGPU or the CPU here.`);
  const { script, library } = places();
  if (existsSync(library) && !force) return console.log('The CUDA libraries are here already. To fetch them again: npm run cuda -- --force');
  const found = card();
  if (found === null && !force) throw new CudaError('There is no NVIDIA driver here (nvidia-smi does not answer), so the libraries would be of no use. On a machine that only prepares an installation for another one: npm run cuda -- --force');
  console.log(`${found ?? 'No card here'}: fetching the CUDA libraries of ONNX Runtime (about 500 MB) …`);
  const { code, errors } = await install(script);
  if (code !== 0 || !existsSync(library)) {
    throw new CudaError(`The CUDA libraries could not be fetched: ${reasonOf(errors)}. Nothing was changed: masks and predictions run as before. Try again with a network that reaches NuGet, or copy libonnxruntime_providers_cuda.so and libonnxruntime_providers_shared.so of the same version (Microsoft.ML.OnnxRuntime.Gpu.Linux) to ${path.dirname(library)}.`);
  }
  console.log('Done. CUDA 12 and cuDNN 9 must be installed on this machine, too. Start Emend again: the System page and "npm run emend -- doctor" say whether the card is used, and if not, why.');
}

main().catch((error) => {
  console.error(error instanceof CudaError ? error.message : error);
  process.exitCode = 1;
});
