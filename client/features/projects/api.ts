import { Type, type Static } from 'typebox';
import { ImagePage } from '#core/api/image.ts';
import type { CreateProject} from '#core/api/project.ts';
import { ProjectCard, ProjectDto } from '#core/api/project.ts';
import { get, post, urlOf } from '../../api.ts';

export const fetchProjects = (signal?: AbortSignal) => get(Type.Array(ProjectCard), '/projects', signal);
export const createProject = (body: Static<typeof CreateProject>) => post(ProjectDto, '/projects', body);
/** A few images with their overlays, for the card's cover. */
export const fetchCovers = (project: string, signal: AbortSignal) => get(ImagePage, urlOf(`/projects/${project}/images`, { limit: 8 }), signal);
