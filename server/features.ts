/**
 * The features, in the order in which they are registered. Each is a Fastify plugin (fastify-plugin, with a name and what it depends on): the `plugin`
 * of its folder's index.ts. A new one is added here with one import and one word in the list; its routes get their rows in access.ts.
 */
import type { FastifyInstance } from 'fastify';
import { plugin as map } from './features/map/index.ts';
import { plugin as jobs } from './features/jobs/index.ts';
import { plugin as next } from './features/next/index.ts';
import { plugin as people } from './features/people/index.ts';
import { plugin as predictions } from './features/predictions/index.ts';
import { plugin as projects } from './features/projects/index.ts';
import { plugin as segmentation } from './features/segmentation/index.ts';
import { plugin as tasks } from './features/tasks/index.ts';
import { plugin as images } from './features/images/index.ts';
import { plugin as splits } from './features/splits/index.ts';
import { plugin as imports } from './features/imports/index.ts';
import { plugin as dataset } from './features/dataset/index.ts';
import { plugin as files } from './features/files/index.ts';
import { plugin as models } from './features/models/index.ts';
import { plugin as evaluations } from './features/evaluations/index.ts';
import { plugin as iterations } from './features/iterations/index.ts';
import { plugin as reports } from './features/reports/index.ts';
import { plugin as reviews } from './features/reviews/index.ts';
import { plugin as secondLook } from './features/secondLook/index.ts';
import { plugin as system } from './features/system/index.ts';
import { plugin as team } from './features/team/index.ts';
import { plugin as training } from './features/training/index.ts';
import { plugin as demo } from './demo/index.ts';
import inference from './plugins/inference.ts';

export type Feature = (app: FastifyInstance) => Promise<void>;

export const FEATURES: readonly Feature[] = [inference, next, predictions, segmentation, people, projects, jobs, tasks, splits, images, imports, dataset, files, models, map, iterations, evaluations, reports, training, reviews, secondLook, team, demo, system];
