import { describe, expect, it } from 'vitest';
import type { Peer } from './editor.ts';
import { Glide } from './glide.ts';

const at = (x: number, y: number): Peer[] => [{ client: 1, id: 'ben', name: 'Ben', color: '#ffffff', cursor: [x, y], drawing: [x, y, 10, 10] }];

describe('colleagues glide', () => {
  it('appear where they are, then go evenly to where they are heard of, and rest', () => {
    const glide = new Glide();
    expect(glide.step(at(0, 0), 0, false)).toMatchObject({ peers: at(0, 0), moving: false });
    const xs: number[] = [];
    let now = 0;
    for (let moving = true; moving && xs.length < 100;) {
      now += 16;
      const step = glide.step(at(100, 0), now, false);
      xs.push(step.peers[0]?.cursor?.[0] ?? Number.NaN);
      moving = step.moving;
    }
    expect(xs).toEqual([...xs].sort((a, b) => a - b));
    expect(xs[0]).toBeGreaterThan(10);
    expect(xs[0]).toBeLessThan(60);
    expect(xs.at(-1)).toBe(100);
    expect(xs.length).toBeLessThan(40);
  });

  it('do not fly in from where they were long ago, and do not move at all where motion is not wanted', () => {
    const glide = new Glide();
    glide.step(at(0, 0), 0, false);
    expect(glide.step(at(500, 500), 5000, false)).toEqual({ peers: at(500, 500), moving: false });
    expect(glide.step(at(0, 0), 5016, true)).toEqual({ peers: at(0, 0), moving: false });
  });
});
