import { inject, ref, watchEffect, type InjectionKey, type Ref } from 'vue';
import type { Router } from 'vue-router';

export type ThemeChoice = 'system' | 'light' | 'dark';
export interface Theme {
  choice: Ref<ThemeChoice>;
}
export const THEME: InjectionKey<Theme> = Symbol('theme');
const KEY = 'emend.theme';

/** By the system unless the person chose; a route with `meta.dark` (the editor) is dark unless the person chose light. */
export function createTheme(router: Router): Theme {
  const stored = localStorage.getItem(KEY);
  const choice = ref<ThemeChoice>(stored === 'light' || stored === 'dark' ? stored : 'system');
  watchEffect(() => {
    if (choice.value === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, choice.value);
    const shown = choice.value === 'system' && router.currentRoute.value.meta['dark'] === true ? 'dark' : choice.value;
    if (shown === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = shown;
  });
  return { choice };
}

export function useTheme(): Theme {
  const theme = inject(THEME);
  if (!theme) throw new Error('No theme was provided.');
  return theme;
}
