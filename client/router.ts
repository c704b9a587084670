import { createRouter, createWebHistory, type Router, type RouteRecordRaw } from 'vue-router';
import type { Session } from './session.ts';

declare module 'vue-router' {
  interface RouteMeta {
    /** Reachable without being signed in. */
    open?: boolean;
    /** Dark unless the person chose light. */
    dark?: boolean;
    title?: string;
  }
}

const projectPages: RouteRecordRaw[] = [
  { path: '', name: 'overview', component: () => import('./features/overview/OverviewPage.vue'), meta: { title: 'Overview' } },
  { path: 'images', name: 'images', component: () => import('./features/images/ImagesPage.vue'), meta: { title: 'Images' } },
  { path: 'map', name: 'map', component: () => import('./features/map/MapPage.vue'), meta: { title: 'Map' } },
  { path: 'import/:import?', name: 'import', component: () => import('./features/import/ImportPage.vue'), meta: { title: 'Import' } },
  { path: 'versions/:number?', name: 'versions', component: () => import('./features/versions/VersionsPage.vue'), meta: { title: 'Versions' } },
  { path: 'training/:run?', name: 'training', component: () => import('./features/training/TrainingPage.vue'), meta: { title: 'Training' } },
  { path: 'report/:iteration?', name: 'report', component: () => import('./features/report/ReportPage.vue'), meta: { title: 'Report' } },
  { path: 'review/:task?', name: 'review', component: () => import('./features/review/ReviewPage.vue'), meta: { title: 'Review' } },
  { path: 'second-look/:finding?', name: 'second-look', component: () => import('./features/secondLook/SecondLookPage.vue'), meta: { title: 'Second look' } },
  { path: 'team', name: 'team', component: () => import('./features/team/TeamPage.vue'), meta: { title: 'Team' } },
  { path: 'team/pair/:image', name: 'team-pair', component: () => import('./features/team/PairPage.vue'), meta: { title: 'Two outcomes' } },
  { path: 'models', name: 'models', component: () => import('./features/models/ModelsPage.vue'), meta: { title: 'Models' } },
  { path: 'system', name: 'project-system', component: () => import('./features/system/SystemPage.vue'), meta: { title: 'System' } },
  { path: 'settings', name: 'settings', component: () => import('./features/settings/SettingsPage.vue'), meta: { title: 'Settings' } },
];

export const routes: RouteRecordRaw[] = [
  { path: '/', name: 'projects', component: () => import('./features/projects/ProjectsPage.vue'), meta: { title: 'Projects' } },
  { path: '/sign-in', name: 'sign-in', component: () => import('./features/sign-in/SignInPage.vue'), meta: { open: true, title: 'Sign in' } },
  { path: '/system', name: 'system', component: () => import('./features/system/SystemStandalone.vue'), meta: { title: 'System' } },
  { path: '/account', name: 'account', component: () => import('./features/settings/AccountPage.vue'), meta: { title: 'Account' } },
  { path: '/projects/:project/correct/:task?', name: 'correct', component: () => import('./features/correct/CorrectPage.vue'), meta: { dark: true, title: 'Correct' } },
  { path: '/projects/:project', component: () => import('./features/shell/ProjectShell.vue'), children: projectPages },
  { path: '/:rest(.*)*', name: 'lost', component: () => import('./features/shell/LostPage.vue'), meta: { title: 'Not found' } },
];

export function createRouterOf(session: Session): Router {
  const router = createRouter({ history: createWebHistory(), routes });
  router.beforeEach(async (to) => {
    if (to.meta.open) return true;
    // Only "nobody is signed in" leads to the sign-in page; an unreachable server is told by the page itself.
    const signedIn = await session.load().catch(() => true);
    return signedIn ? true : { name: 'sign-in', query: to.fullPath === '/' ? {} : { next: to.fullPath } };
  });
  router.afterEach((to) => { document.title = to.meta.title ? `${to.meta.title} · Emend` : 'Emend'; });
  return router;
}
