export { useProject, type ProjectContext } from './project.ts';
export { atLeast, type RoleName } from './roles.ts';
export { cancelJob, fetchLoop } from './api.ts';
export { isLive, jobName, jobProgress, patchJobs } from './jobs.ts';
export { nextAction } from './loopWords.ts';
export { useLoopAction } from './useLoopAction.ts';
export { default as LoopBar } from './LoopBar.vue';
export { default as PasswordDialog } from './PasswordDialog.vue';
export { default as TopBar } from './TopBar.vue';
