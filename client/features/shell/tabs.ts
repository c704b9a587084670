import { atLeast, type RoleName } from './roles.ts';

export interface Tab { name: string; label: string; least: RoleName; instanceAdmin?: boolean }
const TABS: readonly Tab[] = [
  { name: 'overview', label: 'Overview', least: 'viewer' },
  { name: 'images', label: 'Images', least: 'viewer' },
  { name: 'map', label: 'Map', least: 'viewer' },
  { name: 'correct', label: 'Correct', least: 'annotator' },
  { name: 'review', label: 'Review', least: 'viewer' },
  { name: 'second-look', label: 'Second look', least: 'reviewer' },
  { name: 'versions', label: 'Versions', least: 'viewer' },
  { name: 'training', label: 'Training', least: 'viewer' },
  { name: 'report', label: 'Report', least: 'viewer' },
  { name: 'team', label: 'Team', least: 'viewer' },
  { name: 'models', label: 'Models', least: 'viewer' },
  { name: 'project-system', label: 'System', least: 'viewer', instanceAdmin: true },
  { name: 'settings', label: 'Settings', least: 'viewer' },
];

/** `role`: null while it is not known. What most people have then keeps its place, `unsure`, so that nothing moves when it is. */
export function tabsFor(role: RoleName | null, instanceAdmin: boolean): readonly (Tab & { unsure: boolean })[] {
  const [least, most]: readonly RoleName[] = role === null ? (instanceAdmin ? ['admin', 'admin'] : ['viewer', 'annotator']) : [role, role];
  return TABS.filter((tab) => atLeast(most ?? 'viewer', tab.least) && (instanceAdmin || !tab.instanceAdmin)).map((tab) => ({ ...tab, unsure: !atLeast(least ?? 'viewer', tab.least) }));
}
