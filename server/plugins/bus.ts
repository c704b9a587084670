import fp from 'fastify-plugin';
import type { ProjectEvent } from '#core/protocol.ts';
import type { Bus } from '../context.ts';

type Listener = (projectId: string, event: ProjectEvent) => void;

/** `app.bus`: what happens in projects, to the features and the sockets of this process. */
export default fp(async (app) => {
  const listeners = new Set<Listener>();
  const bus: Bus = {
    emit(projectId, event) {
      for (const listener of listeners) {
        try {
          listener(projectId, event);
        } catch (error) {
          // One deaf listener must not keep the news from the others, nor fail the work that is being told.
          app.log.error({ err: error, event: event.type }, 'a listener of the bus failed');
        }
      }
    },
    on(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  app.decorate('bus', bus);
}, { name: 'bus' });
