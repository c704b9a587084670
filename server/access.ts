/**
 * The one table of who may do what. A route or socket event without a row stops the start; a test walks every row with every role.
 * Whoever is admin of the instance counts as admin of every project.
 */
import type { ClientEventName } from '#core/protocol.ts';

export const ROLES = ['viewer', 'annotator', 'reviewer', 'admin'] as const;
export type ProjectRole = (typeof ROLES)[number];

/** How the project of a request is found: by its id, or through the thing that the path (or event) names. */
export type Scope = 'project' | 'task' | 'image' | 'import' | 'run' | 'version' | 'model' | 'job' | 'revision' | 'finding';

export type Rule =
  | { readonly least: 'public' | 'signed-in' | 'instance-admin' }
  | { readonly least: ProjectRole; readonly of: Scope };

const open: Rule = { least: 'public' };
const signedIn: Rule = { least: 'signed-in' };
const instanceAdmin: Rule = { least: 'instance-admin' };
const least = (role: ProjectRole, of: Scope): Rule => ({ least: role, of });

/** Method and path below /api/v1. `:project` names the project itself, `:id` the thing of the scope. */
export const ROUTES: Readonly<Record<string, Rule>> = {
  'GET /health': open,
  'GET /openapi.json': open,
  'POST /sign-in': open,

  'GET /me': signedIn,
  'PATCH /me': signedIn,
  'POST /me/password': signedIn,
  'GET /tokens': signedIn,
  'POST /tokens': signedIn,
  'DELETE /tokens/:id': signedIn,
  'GET /projects': signedIn,
  'POST /projects': instanceAdmin,

  'GET /projects/:project': least('viewer', 'project'),
  'PATCH /projects/:project': least('admin', 'project'),
  'GET /projects/:project/overview': least('viewer', 'project'),
  'GET /projects/:project/loop': least('viewer', 'project'),
  'POST /projects/:project/classes': least('admin', 'project'),
  'PATCH /projects/:project/classes/:index': least('admin', 'project'),
  'GET /projects/:project/members': least('admin', 'project'),
  'GET /projects/:project/people': least('viewer', 'project'),
  'POST /projects/:project/members/:user/link': least('admin', 'project'),
  'POST /projects/:project/members': least('admin', 'project'),
  'DELETE /projects/:project/members/:user': least('admin', 'project'),
  'GET /projects/:project/jobs': least('viewer', 'project'),
  'POST /jobs/:id/cancel': least('annotator', 'job'),
  'GET /jobs/:id/file': least('viewer', 'job'),

  'GET /projects/:project/images': least('viewer', 'project'),
  'GET /projects/:project/splits': least('viewer', 'project'),
  'POST /projects/:project/splits/draw': least('reviewer', 'project'),
  'POST /projects/:project/splits/repair': least('reviewer', 'project'),
  'GET /images/:id/alike': least('viewer', 'image'),
  'GET /images/:id': least('viewer', 'image'),
  'PATCH /images/:id': least('reviewer', 'image'),
  'GET /images/:id/file': least('viewer', 'image'),
  'GET /images/:id/thumb': least('viewer', 'image'),
  'GET /images/:id/annotations.json': least('viewer', 'image'),
  'GET /images/:id/masks/:instance.npy': least('viewer', 'image'),
  'GET /images/:id/overlay.png': least('viewer', 'image'),
  'POST /projects/:project/files': least('viewer', 'project'),

  'GET /projects/:project/map': least('viewer', 'project'),
  'POST /projects/:project/map': least('annotator', 'project'),
  'GET /projects/:project/map/points': least('viewer', 'project'),
  'GET /projects/:project/map/facets': least('viewer', 'project'),
  'POST /projects/:project/picks': least('viewer', 'project'),

  'GET /projects/:project/imports': least('admin', 'project'),
  'POST /projects/:project/imports': least('admin', 'project'),
  'GET /imports/:id': least('admin', 'import'),
  'DELETE /imports/:id': least('admin', 'import'),
  'POST /imports/:id/files': least('admin', 'import'),
  'POST /imports/:id/plan': least('admin', 'import'),
  'POST /imports/:id/apply': least('admin', 'import'),

  'POST /projects/:project/predict': least('annotator', 'project'),
  'POST /projects/:project/tasks/next': least('annotator', 'project'),
  'POST /projects/:project/tasks/front': least('reviewer', 'project'),
  'GET /projects/:project/tasks': least('viewer', 'project'),
  'GET /tasks/:id': least('viewer', 'task'),
  'POST /tasks/:id/submit': least('annotator', 'task'),
  'POST /tasks/:id/skip': least('annotator', 'task'),
  'POST /tasks/:id/flag': least('annotator', 'task'),
  'POST /tasks/:id/reopen': least('annotator', 'task'),
  'POST /tasks/:id/masks': least('annotator', 'task'),
  'GET /revisions/:id': least('viewer', 'revision'),

  'GET /projects/:project/reviews': least('viewer', 'project'),
  'GET /tasks/:id/review': least('viewer', 'task'),
  'POST /tasks/:id/review': least('reviewer', 'task'),

  'GET /projects/:project/second-look': least('reviewer', 'project'),
  'POST /projects/:project/second-look': least('reviewer', 'project'),
  'GET /projects/:project/second-look/findings': least('reviewer', 'project'),
  'GET /findings/:id': least('reviewer', 'finding'),
  'POST /findings/:id/right': least('reviewer', 'finding'),
  'DELETE /findings/:id/right': least('reviewer', 'finding'),
  'POST /findings/:id/open': least('reviewer', 'finding'),

  'GET /projects/:project/team': least('viewer', 'project'),
  'GET /projects/:project/agreement': least('viewer', 'project'),
  'GET /images/:id/pair': least('reviewer', 'image'),
  'POST /tasks/:id/count': least('reviewer', 'task'),

  'GET /projects/:project/versions': least('viewer', 'project'),
  'POST /projects/:project/versions': least('reviewer', 'project'),
  'GET /projects/:project/versions/preview': least('reviewer', 'project'),
  'GET /versions/:id': least('viewer', 'version'),
  'GET /versions/:id/manifest.json': least('viewer', 'version'),
  'GET /versions/:id/items': least('viewer', 'version'),
  'GET /versions/:id/diff': least('viewer', 'version'),
  'GET /versions/:id/diff/images': least('viewer', 'version'),
  'GET /versions/:id/images/:image/labels/:label': least('viewer', 'version'),
  'POST /versions/:id/restore': least('reviewer', 'version'),
  'GET /versions/:id/export.zip': least('viewer', 'version'),

  'GET /projects/:project/runs': least('viewer', 'project'),
  'POST /projects/:project/runs': least('reviewer', 'project'),
  'GET /runs/:id': least('viewer', 'run'),
  'GET /runs/:id/epochs': least('viewer', 'run'),
  'GET /runs/:id/log': least('viewer', 'run'),
  'POST /runs/:id/keep': least('reviewer', 'run'),
  'GET /runs/:id/pictures': least('viewer', 'run'),
  'POST /runs/:id/cancel': least('reviewer', 'run'),
  'POST /runs/:id/pause': least('reviewer', 'run'),
  'POST /runs/:id/resume': least('reviewer', 'run'),
  'GET /projects/:project/runs/arguments': least('viewer', 'project'),
  'GET /projects/:project/runs/needs': least('viewer', 'project'),

  'GET /projects/:project/reports': least('viewer', 'project'),
  'GET /projects/:project/reports/:iteration': least('viewer', 'project'),
  'GET /projects/:project/reports/:iteration/report.json': least('viewer', 'project'),
  'GET /projects/:project/reports/:iteration/report.html': least('viewer', 'project'),
  'GET /projects/:project/reports/:iteration/report.csv': least('viewer', 'project'),

  'GET /projects/:project/evaluations': least('viewer', 'project'),
  'GET /projects/:project/evaluations/:evaluation/file.json.gz': least('viewer', 'project'),

  'GET /projects/:project/models': least('viewer', 'project'),
  'POST /projects/:project/models': least('admin', 'project'),
  'POST /models/:id/promote': least('reviewer', 'model'),
  'GET /models/:id/weights.onnx': least('viewer', 'model'),

  'GET /system': instanceAdmin,
  'POST /system/segmenters/:name/fetch': instanceAdmin,
  'POST /system/jobs/:id/cancel': instanceAdmin,
  'PATCH /system/segmenter': instanceAdmin,
  'POST /system/trainer/prepare': instanceAdmin,
};

/** The same for the socket. Being connected at all means being signed in. */
export const EVENTS: Readonly<Record<ClientEventName, Rule>> = {
  'room:join': least('viewer', 'task'),
  'room:leave': signedIn,
  'room:update': least('annotator', 'task'),
  'room:part': least('annotator', 'task'),
  'room:presence': least('viewer', 'task'),
  'room:segment': least('annotator', 'task'),
  'project:watch': least('viewer', 'project'),
  'project:unwatch': signedIn,
  'team:watch': least('viewer', 'project'),
  'team:unwatch': signedIn,
};

export const API = '/api/v1';

/** The rule of a registered route; undefined = it has no row. What is not below /api is the client's own files: public. */
export function ruleOf(method: string, url: string): Rule | undefined {
  if (url.startsWith('/api/auth/')) return open;
  if (!url.startsWith('/api/')) return open;
  if (!url.startsWith(`${API}/`)) return undefined;
  return ROUTES[`${method === 'HEAD' ? 'GET' : method} ${url.slice(API.length)}`];
}

export function atLeast(role: ProjectRole, wanted: ProjectRole): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(wanted);
}

export function isRole(value: unknown): value is ProjectRole {
  return ROLES.some((role) => role === value);
}
