/** Two evaluations held against each other. Runs in a thread: unpacking and resampling take a second or two, and people are at work. */
import { readFile } from 'node:fs/promises';
import type { Differences } from '#core/api/run.ts';
import { pairedDifferences } from '#core/training/bootstrap.ts';
import { differingPictures, gain, type PictureDifference } from '#core/training/pictures.ts';
import { parseEvaluation } from './parse.ts';

/** Pictures with their boxes, on either side: as many as somebody looks at. */
const MOST = 48;

export interface Asked {
  /** Paths of gzipped EvaluationFiles. */
  old: string;
  fresh: string;
}
export interface PicturesAsked extends Asked { threshold: number }
export interface Pictures {
  /** The one that lost most first. */
  worse: PictureDifference[];
  /** The one that gained most first. */
  better: PictureDifference[];
  counts: { worse: number; better: number; same: number };
}

const read = async ({ old, fresh }: Asked) => Promise.all([old, fresh].map(async (path) => (await parseEvaluation(await readFile(path))).images));

export async function differences(asked: Asked): Promise<Differences> {
  const [old = [], fresh = []] = await read(asked);
  return pairedDifferences(old, fresh);
}

export async function pictures({ threshold, ...asked }: PicturesAsked): Promise<Pictures> {
  const [old = [], fresh = []] = await read(asked);
  const all = differingPictures(old, fresh, threshold);
  const worse = all.filter((p) => gain(p) < 0);
  const better = all.filter((p) => gain(p) > 0).reverse();
  return { worse: worse.slice(0, MOST), better: better.slice(0, MOST), counts: { worse: worse.length, better: better.length, same: all.length - worse.length - better.length } };
}
