import { describe, expect, it } from 'vitest';
import { DEFAULT_SETTINGS } from '#core/api/project.ts';
import { chanceOf } from '../next/index.ts';
import { priorityOf } from './priority.ts';

const at = (...scores: number[]) => scores.map((score, i) => ({ id: `p${i}`, class: 0, box: [0, 0, 5, 5] as const, score }));

describe('the order of tasks', () => {
  it('unsure images come first; crowds of sure boxes do not', () => {
    const unsure = priorityOf(at(0.5, 0.4), DEFAULT_SETTINGS, 0.9, 0);
    const crowd = priorityOf(at(...Array.from({ length: 100 }, () => 0.97)), DEFAULT_SETTINGS, 0.9, 1);
    expect(unsure.priority).toBeGreaterThan(crowd.priority);
    expect(unsure.reason).toBe('1 unsure prediction');
    expect(crowd.reason).toBe('the model is sure');
    expect(priorityOf([], DEFAULT_SETTINGS, 0.9, 0).reason).toBe('the model found nothing');
  });

  it('every fifth image comes by chance; the other orders are as named', () => {
    expect(priorityOf(at(0.99), DEFAULT_SETTINGS, 0.1, 0)).toEqual({ priority: 0.5, reason: 'by chance' });
    expect(priorityOf(at(0.5), { ...DEFAULT_SETTINGS, order: 'sequential' }, 0.5, 7).priority).toBe(-7);
    expect(priorityOf(at(0.5), { ...DEFAULT_SETTINGS, order: 'random' }, 0.3, 7).priority).toBe(0.7);
    expect(chanceOf('80000000ff')).toBe(0.5);
  });
});
