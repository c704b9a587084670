// npm run demo:model [-- OUT]: makes models/demo.pt and models/demo.onnx again, with this project's own trainer, from the generated demo images.
// Trained on thirty images only, so that it makes the mistakes that the demo is there to correct. 270 epochs, 6 to 10 s each on two CPU cores.
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureEnvironment, runTrainer } from '../server/features/training/index.ts';
import { writeDemo } from '../server/demo/write.ts';

const root = join(import.meta.dirname, '..');
const IMAGES = 30;
/** First from scratch, then on from there with new schedules, at last larger, for the small voids; `--epochs` overrides all, to try the script out. */
const STAGES = [{ epochs: 60, lr0: 0.003, imgsz: 320 }, { epochs: 150, lr0: 0.002, imgsz: 320 }, { epochs: 60, lr0: 0.003, imgsz: 416 }];
/** [depth, width, max channels] of the package's yolo11-seg. */
const SCALE = [0.5, 0.1875, 512];

async function dataset(dir) {
  console.log('Generating the demo images');
  await writeDemo(dir);
  const train = (await readdir(join(dir, 'train', 'images'))).sort().slice(0, IMAGES).map((name) => join(dir, 'train', 'images', name));
  await writeFile(join(dir, 'few.txt'), `${train.join('\n')}\n`);
  await writeFile(join(dir, 'few.yaml'), `path: ${JSON.stringify(dir)}\ntrain: few.txt\nval: valid/images\nnames:\n  0: Chip\n  1: Void\n`);
  return join(dir, 'few.yaml');
}

function tell(event) {
  if (event.type === 'epoch') console.log(`  epoch ${event.epoch}/${event.epochs}  mask mAP50 ${event.map50?.toFixed(3) ?? '–'}  ${event.seconds.toFixed(1)} s`);
  if (event.type === 'evaluation') console.log(JSON.stringify(event.metrics, null, 1));
}

async function stage(python, data, work, number, { epochs, lr0, imgsz }, weights) {
  console.log(`Stage ${number}: ${epochs} epochs`);
  const spec = {
    data, task: 'segment', weights, architecture: { yaml: 'yolo11-seg.yaml', scale: SCALE }, old: null, epochs, imgsz, batch: 4, lr0,
    optimizer: 'AdamW', freeze: 0, seed: 0, device: 'cpu', workers: 0, out: join(work, `stage-${number}`), resume: false,
  };
  const log = [];
  try {
    await runTrainer({ python, spec, signal: new AbortController().signal, onLog: (line) => { log.push(line); }, onEvent: tell });
  } catch (error) {
    console.error(log.slice(-40).join('\n'));
    throw error;
  }
  return join(spec.out, 'model.pt');
}

const { values, positionals } = parseArgs({ options: { epochs: { type: 'string' } }, allowPositionals: true });
const out = resolve(positionals[0] ?? join(root, 'models'));
const work = await mkdtemp(join(tmpdir(), 'emend-demo-model-'));
try {
  const { python } = await ensureEnvironment({ dataDir: resolve(process.env.EMEND_DATA ?? join(root, 'data')), onProgress: (message) => { console.log(message); } });
  const data = await dataset(join(work, 'demo'));
  let weights = null;
  for (const [index, one] of STAGES.entries()) {
    weights = await stage(python, data, work, index + 1, values.epochs === undefined ? one : { ...one, epochs: Number(values.epochs) }, weights);
  }
  await mkdir(out, { recursive: true });
  await copyFile(weights, join(out, 'demo.pt'));
  await copyFile(weights.replace(/\.pt$/, '.onnx'), join(out, 'demo.onnx'));
  console.log(`Written: ${join(out, 'demo.pt')}, ${join(out, 'demo.onnx')}`);
} finally {
  await rm(work, { recursive: true, force: true });
}
