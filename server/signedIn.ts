import type { FastifyRequest } from 'fastify';
import { EmendError } from '#core/errors.ts';
import type { ProjectRole } from './access.ts';
import type { Person } from './context.ts';

/** The person of a request whose rule asks for one. */
export function signedIn(request: FastifyRequest): Person {
  if (!request.person) throw new EmendError('unauthenticated', 'You are not signed in. Sign in to go on.');
  return request.person;
}

/** The project and the person's role in it, of a request whose rule names a project role. */
export function inProject(request: FastifyRequest): { person: Person; projectId: string; role: ProjectRole } {
  const { projectId, role } = request.permit;
  if (projectId === null || role === null) throw new EmendError('forbidden', 'This address belongs to no project.');
  return { person: signedIn(request), projectId, role };
}
