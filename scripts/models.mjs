// npm run models -- list | fetch NAME | verify        weights of segmentation models, by models/manifest.json
import { access, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { FetchError, fetchModel, fileName, sha256Of } from './fetch-model.mjs';

const USAGE = 'Usage: npm run models -- list | fetch NAME | verify';
const root = fileURLToPath(new URL('..', import.meta.url));
const manifestPath = process.env.EMEND_MODELS_MANIFEST ?? path.join(root, 'models', 'manifest.json');
const directory = path.join(path.resolve(root, process.env.EMEND_DATA ?? 'data'), 'models');
/** Hashes of files that have no published one, as they were when first seen. */
const seenPath = path.join(directory, 'seen.json');

const megabytes = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MB`;
const exists = (file) => access(file).then(() => true, () => false);

async function readManifest() {
  const manifest = JSON.parse(await readFile(manifestPath, 'utf8'));
  if (manifest.format !== 'emend-models-1') throw new FetchError(`${manifestPath} is of another format than this program reads.`);
  return manifest.models;
}

/** Encoder and decoder of a model, as they lie (or would lie) in the models directory. */
function expectedFiles(model) {
  const files = model.files.length > 0 ? model.files : [{ role: 'encoder' }, { role: 'decoder' }];
  return files.map((file) => ({ ...file, path: path.join(directory, fileName(model, file)) }));
}

async function list() {
  for (const model of await readManifest()) {
    const present = (await Promise.all(expectedFiles(model).map((file) => exists(file.path)))).every(Boolean);
    const how = present ? 'present' : model.files.length > 0 ? `npm run models -- fetch ${model.name}` : 'to be converted';
    console.log(`${model.name.padEnd(22)} ${model.title.padEnd(22)} ${model.parameters.padEnd(7)} ${model.licence.padEnd(11)} ${model.bestFor.padEnd(36)} ${how}`);
    if (!present && model.convert) console.log(`${' '.repeat(23)}${model.source}\n${' '.repeat(23)}${model.convert}`);
  }
  console.log(`\nWeights lie in ${directory}; pairs NAME.encoder.onnx + NAME.decoder.onnx put there by hand are used as well.`);
}

/** A line that is rewritten on a terminal, and one per tenth elsewhere. */
function progressLine() {
  let last = '';
  return ({ file, done, total }) => {
    const share = total ? Math.floor((done / total) * (process.stdout.isTTY ? 100 : 10)) : Math.floor(done / 2 ** 24);
    if (`${file}${share}` === last) return;
    last = `${file}${share}`;
    const text = `${file}  ${megabytes(done)}${total ? ` of ${megabytes(total)}` : ''}`;
    process.stdout.write(process.stdout.isTTY ? `\r\u001b[K${text}${done === total ? '\n' : ''}` : `${text}\n`);
  };
}

async function fetchByName(name) {
  const models = await readManifest();
  const model = models.find((entry) => entry.name === name);
  if (!model) throw new FetchError(`There is no model “${name ?? ''}”. Known: ${models.map((entry) => entry.name).join(', ')}.`);
  const abort = new AbortController();
  process.once('SIGINT', () => abort.abort());
  await fetchModel(model, directory, { onProgress: progressLine(), signal: abort.signal });
  console.log(`${model.title} is ready in ${directory}. A running server uses it within seconds.`);
}

async function verify() {
  const seen = JSON.parse(await readFile(seenPath, 'utf8').catch(() => '{}'));
  let wrong = 0;
  let checked = 0;
  for (const model of await readManifest()) {
    for (const file of expectedFiles(model)) {
      if (!(await exists(file.path))) continue;
      const name = path.basename(file.path);
      const found = await sha256Of(file.path);
      const known = file.sha256 ?? seen[name];
      const right = known === undefined || known === found;
      if (known === undefined) seen[name] = found;
      checked += 1;
      wrong += right ? 0 : 1;
      const verdict = right ? (known === undefined ? 'first seen, remembered' : 'right') : `WRONG, expected ${known}`;
      console.log(`${name.padEnd(38)} ${megabytes((await stat(file.path)).size).padStart(10)}  ${found}  ${verdict}`);
    }
  }
  if (checked > 0) await writeFile(seenPath, `${JSON.stringify(seen, null, 2)}\n`);
  else console.log(`No weights of the manifest lie in ${directory}.`);
  if (wrong > 0) throw new FetchError(`${wrong} ${wrong === 1 ? 'file is' : 'files are'} not what the manifest names. Delete and fetch again.`);
}

const commands = { list, fetch: fetchByName, verify };
try {
  const [command = 'list', argument] = process.argv.slice(2);
  if (!Object.hasOwn(commands, command)) throw new FetchError(USAGE);
  await commands[command](argument);
} catch (error) {
  console.error(error instanceof FetchError ? error.message : error);
  process.exitCode = 1;
}
