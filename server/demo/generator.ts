/** The demo data: deterministic by seed, pure numbers. The same seed gives the same pixels and labels on every machine. */
import { paint } from './paint.ts';
import { seeded } from './random.ts';
import { makeScene } from './scene.ts';
import { makeTruth, type DemoInstance } from './truth.ts';

/** `baseline`: labelled, trained on. `valid`: labelled, the frozen validation split. `batch`: without labels, waits to be corrected. */
export type DemoPart = 'baseline' | 'valid' | 'batch';

export const DEMO = { count: 212, seed: 20_250_615, baseline: 40, valid: 40 } as const;

export interface DemoImage {
  index: number;
  part: DemoPart;
  name: string;
  width: number;
  height: number;
  /** 8-bit grey, row-major. */
  pixels: Uint8Array;
  /** Exact truth: chips first, then voids. */
  instances: DemoInstance[];
}

/** The parts of `count` pictures: with fewer than 212 the labelled parts shrink in proportion, down to one each. */
export function partOf(index: number, count: number): DemoPart {
  const labelled = (wanted: number): number => Math.max(1, Math.min(wanted, Math.round((wanted * count) / DEMO.count)));
  const baseline = labelled(DEMO.baseline);
  if (index < baseline) return 'baseline';
  return index < baseline + labelled(DEMO.valid) ? 'valid' : 'batch';
}

/** Picture `index` of `count`. Takes some milliseconds; nothing is shared between calls, so any order gives the same pictures. */
export function demoImage(index: number, count: number = DEMO.count, seed: number = DEMO.seed): DemoImage {
  const random = seeded(seed, index);
  const scene = makeScene(random);
  const truth = makeTruth(scene);
  const pixels = paint(scene, truth, random);
  // One in five is PNG, as exports of several machines mix both.
  const name = `DA4_${2200 + (index % 37)}_${String(index).padStart(3, '0')}.${index % 5 === 0 ? 'png' : 'jpg'}`;
  return { index, part: partOf(index, count), name, width: scene.width, height: scene.height, pixels, instances: truth.instances };
}
