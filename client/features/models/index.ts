export { fetchModels, promoteModel } from './api.ts';
export { default as PromotePanel } from './PromotePanel.vue';
