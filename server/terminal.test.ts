import { expect, it } from 'vitest';
import { Terminal } from './terminal.ts';

function recorded(isTTY: boolean) {
  const texts: string[] = [];
  let now = 0;
  const terminal = new Terminal({ isTTY, write: (text: string) => { texts.push(text); } }, () => now);
  return { terminal, texts, after: (ms: number) => { now += ms; } };
}

it('writes each step once, aligned, with its time, where lines cannot be replaced', () => {
  const { terminal, texts, after } = recorded(false);
  terminal.step('Starting PostgreSQL');
  after(740);
  terminal.step('Migrating the database');
  after(12_300);
  terminal.passing('Making images, 3 of 220');
  terminal.line('Ready');
  const [first, second, third] = texts.join('').split('\n');
  expect(first).toMatch(/^ {2}Starting PostgreSQL +0\.7 s$/);
  expect(second).toMatch(/^ {2}Migrating the database +12\.3 s$/);
  expect(first?.length).toBe(second?.length);
  expect(third).toBe('  Ready');
});

it('replaces the passing line on a terminal', () => {
  const { terminal, texts } = recorded(true);
  terminal.passing('Making images, 3 of 220');
  terminal.passing('Making images, 4 of 220');
  terminal.line('Done');
  expect(texts.join('').split('\r\u001B[2K').at(-1)).toBe('  Done\n');
});
