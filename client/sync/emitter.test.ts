import { expect, it } from 'vitest';
import { Emitter } from './emitter.ts';

it('calls who listens, until they end it, also from within a call', () => {
  const emitter = new Emitter<{ a: [number]; b: [] }>();
  const heard: string[] = [];
  const end = emitter.on('a', (n) => {
    heard.push(`once ${n}`);
    end();
  });
  emitter.on('a', (n) => heard.push(`always ${n}`));
  emitter.emit('a', 1);
  emitter.emit('a', 2);
  emitter.emit('b');
  emitter.clear();
  emitter.emit('a', 3);
  expect(heard).toEqual(['once 1', 'always 1', 'always 2']);
});
