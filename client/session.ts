import { inject, shallowRef, type InjectionKey, type ShallowRef } from 'vue';
import { Me } from '#core/api/system.ts';
import { EmendError } from '#core/errors.ts';
import { get } from './api.ts';

/** Who is signed in. null = nobody (or not yet asked). */
export interface Session {
  me: ShallowRef<Me | null>;
  /** Asks the server once, or again with `fresh`; answers whether somebody is signed in. Other failures are thrown. */
  load: (fresh?: boolean) => Promise<boolean>;
  forget: () => void;
}
export const SESSION: InjectionKey<Session> = Symbol('session');

export function createSession(): Session {
  const me = shallowRef<Me | null>(null);
  return {
    me,
    forget: () => { me.value = null; },
    async load(fresh = false) {
      if (me.value && !fresh) return true;
      try {
        me.value = await get(Me, '/me');
        return true;
      } catch (error) {
        if (error instanceof EmendError && error.code === 'unauthenticated') { me.value = null; return false; }
        throw error;
      }
    },
  };
}

export function useSession(): Session {
  const session = inject(SESSION);
  if (!session) throw new Error('No session was provided.');
  return session;
}
