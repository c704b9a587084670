import { Value } from 'typebox/value';
import { DEFAULT_SETTINGS, ProjectSettings } from '#core/api/project.ts';

/** A project's settings as stored, with defaults for what an older version did not know. */
export function readSettings(stored: unknown): ProjectSettings {
  const merged = { ...DEFAULT_SETTINGS, ...(typeof stored === 'object' ? stored : {}) };
  return Value.Check(ProjectSettings, merged) ? merged : DEFAULT_SETTINGS;
}
