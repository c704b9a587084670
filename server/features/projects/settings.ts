import { DEFAULT_SETTINGS, ProjectSettings } from '#core/api/project.ts';
import { repair } from '../../stored.ts';

/** A project's settings as stored, with the default for each one that an older version did not know or that does not fit. */
export function readSettings(stored: unknown): ProjectSettings {
  return repair(ProjectSettings, stored, DEFAULT_SETTINGS).value;
}
