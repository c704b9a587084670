import type { Static } from 'typebox';
import type { Role } from '#core/api/common.ts';

export type RoleName = Static<typeof Role>;
const RANK: Record<RoleName, number> = { viewer: 0, annotator: 1, reviewer: 2, admin: 3 };

export function atLeast(has: RoleName, needed: RoleName): boolean {
  return RANK[has] >= RANK[needed];
}
