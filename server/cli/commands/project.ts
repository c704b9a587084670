import { ProjectDto, type CreateProject } from '#core/api/project.ts';
import type { Static } from 'typebox';
import type { Api } from '../api.ts';
import { CliError, textFlag, type Command, type Flags } from '../command.ts';

export const project: Command = {
  name: 'project', usage: 'create NAME', summary: 'Make a project',
  options: { task: { type: 'string' }, classes: { type: 'string' } },
  help: [['--task segment|detect', 'masks and boxes, or boxes alone'], ['--classes A,B', 'names of its classes; an import brings them along']],
  async run({ args, flags, api }) {
    const [verb, name, ...rest] = args;
    if (verb !== 'create' || name === undefined || rest.length > 0) throw new CliError('Say: project create "NAME" --task segment (or detect).', 2);
    const made = await createProject(api(), name, flags, (textFlag(flags, 'classes') ?? '').split(',').map((c) => c.trim()).filter((c) => c !== ''));
    return { json: made, lines: [`Made "${made.name}" (${made.id}).`] };
  },
};

/** @throws CliError (2) without a task, or where a project has that name already: two of one name could not be told apart here. */
export async function createProject(api: Api, name: string, flags: Flags, classes: string[] = []): Promise<ProjectDto> {
  const task = textFlag(flags, 'task');
  if (task !== 'detect' && task !== 'segment') throw new CliError('Say what the project is for: --task segment (masks and boxes) or --task detect (boxes alone).', 2);
  if ((await api.projects()).some((p) => p.name.toLowerCase() === name.trim().toLowerCase())) throw new CliError(`There is a project "${name.trim()}" already. Use it with --project, or choose another name.`, 2);
  const body: Static<typeof CreateProject> = { name, task, classes };
  return api.post(ProjectDto, '/projects', body);
}
