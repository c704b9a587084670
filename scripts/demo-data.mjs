// npm run demo:generate -- OUT [--count N] [--seed S] [--truth]
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

const USAGE = 'Usage: npm run demo:generate -- OUT [--count N] [--seed S] [--truth]';

function wholeNumber(name, text, least) {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) throw new Error(`--${name} is "${text}"; it must be a whole number from ${least}.\n${USAGE}`);
  return value;
}

try {
  const options = { count: { type: 'string' }, seed: { type: 'string' }, truth: { type: 'boolean' } };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [out] = positionals;
  if (!out || positionals.length > 1) throw new Error(USAGE);
  const count = wholeNumber('count', values.count, 3);
  const seed = wholeNumber('seed', values.seed, 0);
  const { writeDemo } = await import('../server/demo/write.ts');
  const start = performance.now();
  let total = 0;
  await writeDemo(resolve(out), { count, seed, truth: values.truth, onProgress: (_done, all) => { total = all; } });
  console.log(`${total} pictures in ${((performance.now() - start) / 1000).toFixed(1)} s`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
