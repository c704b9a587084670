export { fetchModels } from './api.ts';
export { default as PromotePanel } from './PromotePanel.vue';
