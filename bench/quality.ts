/**
 * How good the masks are: every model beside GrabCut, the box itself and an ellipse, at the pictures' own resolution, with boxes that are off by up to 8 % per side.
 *
 *   npm run bench:quality [-- --objects 20 --demo 40 --clicked 3 --only Spark,GrabCut]
 *
 * `--objects`: at most so many objects per picture (0: all); `--demo`: pictures of the demo; `--clicked`: objects per picture that get 1–3 corrective clicks;
 * `--only Spark,GrabCut`: only these.
 * Needs the nuclei set (EMEND_DATASETS, else ../shared/datasets) and Python for GrabCut; SAM weights are taken from the data directory (EMEND_DATA).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { SPARK } from '#inference';
import { maskIou } from '#core/geometry/iou.ts';
import { toBox, type Rle } from '#core/geometry/rle.ts';
import type { PointPrompt } from '#core/segmentation/port.ts';
import { seeded } from '../server/demo/random.ts';
import { demo, DEMO_DOMAIN, nuclei, type Subject } from './quality/domains.ts';
import { python } from './quality/environment.ts';
import { grabCut } from './quality/grabcut.ts';
import { models } from './quality/models.ts';
import { jitter, nextClick } from './quality/prompts.ts';
import { anEllipse, theBox, type Rival } from './quality/rivals.ts';

const JITTER = 0.08;
const CLICKS = 3;
const SEED = 1;
const ROOT = join(import.meta.dirname, '..');
const { values } = parseArgs({ options: { objects: { type: 'string', default: '0' }, demo: { type: 'string', default: '40' }, clicked: { type: 'string', default: '3' }, only: { type: 'string' } } });

interface Chosen { readonly subject: Subject; readonly truth: Rle; readonly stream: number }

/** At most `most` objects of each picture (0: all), drawn by the same seed for everybody. */
function choose(subjects: readonly Subject[], most: number): Chosen[] {
  return subjects.flatMap((subject, stream) => {
    const random = seeded(SEED, stream);
    const drawn = subject.masks.map((truth, i) => ({ subject, truth, stream: stream * 10_000 + i, order: random.next() }));
    return most === 0 ? drawn : drawn.toSorted((a, b) => a.order - b.order).slice(0, most);
  });
}

/** IoU without a click, then after each of `clicks` clicks into the middle of the larger kind of error. */
async function answers(rival: Rival, { subject, truth, stream }: Chosen, clicks: number): Promise<number[]> {
  const tight = toBox(truth);
  if (!tight) throw new Error(`An object of ${subject.path} is empty.`);
  const box = jitter(seeded(SEED + 1, stream), tight, JITTER);
  const points: PointPrompt[] = [];
  let mask = await rival.segment(subject, { box, points, previous: null });
  const ious = [maskIou(mask, truth)];
  for (let i = 0; i < clicks; i++) {
    const click = nextClick(truth, mask);
    if (click) {
      points.push(click);
      mask = await rival.segment(subject, { box, points, previous: mask });
    }
    ious.push(maskIou(mask, truth));
  }
  return ious;
}

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, n) => sum + n, 0) / numbers.length;

/** Linear between neighbours, as NumPy does it. */
function percentile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const low = sorted[Math.floor(place)] ?? Number.NaN;
  return low + (place % 1) * ((sorted[Math.ceil(place)] ?? low) - low);
}

async function measured(rival: Rival, chosen: readonly Chosen[], clicks: number): Promise<number[][]> {
  const found: number[][] = [];
  for (const one of chosen) {
    found.push(await answers(rival, one, clicks));
    if (process.stderr.isTTY && found.length % 10 === 0) process.stderr.write(`\r${rival.name}: ${found.length} of ${chosen.length} \r`);
  }
  return found;
}

/** A table of the domains, and of the demo's kinds taken together; `cells` makes a row's numbers. */
async function table(rivals: readonly Rival[], most: number, clicks: number, cells: (ious: readonly number[][], ms: number) => string[]): Promise<void> {
  const whole = new Map<string, { ious: number[][]; ms: number }>();
  const print = (domain: string, rival: string, ious: readonly number[][], ms: number): void => {
    console.info(`| ${[domain, String(ious.length), rival, ...cells(ious, ms / ious.length)].join(' | ')} |`);
  };
  for (const [domain, subjects] of Map.groupBy(all, (one) => one.domain)) {
    const chosen = choose(subjects, most);
    for (const rival of rivals) {
      const began = performance.now();
      const ious = await measured(rival, chosen, clicks);
      const ms = performance.now() - began;
      print(domain, rival.name, ious, ms);
      if (!domain.startsWith(DEMO_DOMAIN)) continue;
      const sum = whole.get(rival.name) ?? { ious: [], ms: 0 };
      whole.set(rival.name, { ious: [...sum.ious, ...ious], ms: sum.ms + ms });
    }
  }
  for (const [rival, { ious, ms }] of whole) print(`${DEMO_DOMAIN}all`, rival, ious, ms);
}

const all: Subject[] = [];
const dataDir = resolve(process.env['EMEND_DATA'] ?? join(ROOT, 'data'));
const work = await mkdtemp(join(tmpdir(), 'emend-quality-demo-'));
const cleanUp: (() => Promise<unknown>)[] = [() => rm(work, { recursive: true, force: true })];
try {
  const real = await nuclei(resolve(process.env['EMEND_DATASETS'] ?? join(ROOT, '..', 'shared', 'datasets')));
  all.push(...real, ...(await demo(Number(values.demo), work)));
  const opponent = grabCut(await python(dataDir));
  cleanUp.push(opponent.close);
  const present = await models(dataDir, join(ROOT, 'models', 'spark.onnx'));
  cleanUp.push(present.close);
  const sams = present.rivals.filter(({ name }) => name !== SPARK);
  console.info(`SAM in ${join(dataDir, 'models')}: ${sams.length === 0 ? 'none present' : sams.map(({ name }) => name).join(', ')}${present.refused.map((one) => `\n  not used: ${one}`).join('')}`);
  const wanted = ({ name }: Rival): boolean => values.only === undefined || values.only.split(',').includes(name);
  const rivals = [...present.rivals, opponent, theBox, anEllipse].filter(wanted);
  console.info(`\nBoxes off by up to ± ${JITTER * 100} % per side; ms: wall time of one mask, reading the picture included\n`);
  console.info('| pictures | objects | masks by | mean IoU | 5th percentile | ms |\n|---|---|---|---|---|---|');
  await table(rivals, Number(values.objects), 0, (ious, ms) => [mean(ious.flat()).toFixed(3), percentile(ious.flat(), 0.05).toFixed(3), ms.toFixed(1)]);
  console.info(`\nMean IoU with corrective clicks, at most ${values.clicked} objects of a kind per picture\n`);
  console.info('| pictures | objects | masks by | no click | 1 click | 2 clicks | 3 clicks |\n|---|---|---|---|---|---|---|');
  await table(rivals.filter((rival) => rival.clicks), Number(values.clicked), CLICKS, (ious) => Array.from({ length: CLICKS + 1 }, (_, i) => mean(ious.map((one) => one[i] ?? Number.NaN)).toFixed(3)));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  for (const close of cleanUp) await close();
}
