import { describe, expect, it } from 'vitest';
import { tabsFor } from './tabs.ts';

describe('the tabs', () => {
  it('keep a place for what most people have until the role is known, and nothing moves for annotators then', () => {
    const names = (role: Parameters<typeof tabsFor>[0], admin = false): string[] => tabsFor(role, admin).map((tab) => tab.name);
    expect(tabsFor(null, false).filter((tab) => tab.unsure).map((tab) => tab.name)).toEqual(['correct']);
    expect(names('annotator')).toEqual(names(null));
    for (const role of ['reviewer', 'admin'] as const) expect(names(role).filter((name) => name !== 'second-look')).toEqual(names(null));
    expect(names('viewer')).not.toContain('correct');
    expect(tabsFor('annotator', false).some((tab) => tab.unsure)).toBe(false);
    expect(names('admin', true)).toEqual(names(null, true));
  });
});
