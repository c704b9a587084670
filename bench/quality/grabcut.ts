/** GrabCut in a Python process of its own, asked one box at a time. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { encodeWindow } from '#core/geometry/rle.ts';
import type { Rival } from './rivals.ts';

const Answer = Type.Object({ x: Type.Integer(), y: Type.Integer(), width: Type.Integer(), height: Type.Integer(), rows: Type.Array(Type.String({ pattern: '^[01]*$' })) });

export interface GrabCut extends Rival {
  close(): Promise<void>;
}

export function grabCut(python: string): GrabCut {
  const child = spawn(python, [join(import.meta.dirname, 'grabcut.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    name: 'GrabCut',
    clicks: true,
    segment: async ({ path, size }, { box, points }) => {
      child.stdin.write(`${JSON.stringify({ image: path, box, clicks: points.map(({ point, positive }) => [...point, positive]) })}\n`);
      const line = await lines.next();
      if (line.done) throw new Error('GrabCut stopped; its reason is above.');
      const { x, y, width, height, rows } = Value.Parse(Answer, JSON.parse(line.value));
      return encodeWindow(Uint8Array.from(rows.join(''), Number), [x, y, width, height], size);
    },
    close: async () => {
      child.stdin.end();
      await exited;
    },
  };
}
