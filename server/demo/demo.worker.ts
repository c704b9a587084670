/** One picture of the demo as the files of its export. Runs in a thread: painting and encoding take a tenth of a second, and people are at work. */
import { demoImage } from './generator.ts';
import { encode, labelText } from './write.ts';

export interface DemoFile { path: string; bytes: Uint8Array | string }

export default async function demoFiles({ index, count }: { index: number; count: number }): Promise<DemoFile[]> {
  const image = demoImage(index, count);
  if (image.part === 'batch') return [{ path: `batch/${image.name}`, bytes: await encode(image) }];
  const folder = image.part === 'valid' ? 'valid' : 'train';
  // Labels first: a picture that is there has them.
  return [{ path: `${folder}/labels/${image.name.replace(/\.\w+$/, '.txt')}`, bytes: labelText(image) }, { path: `${folder}/images/${image.name}`, bytes: await encode(image) }];
}
