export { default as ImageDrawer } from './ImageDrawer.vue';
export { putInFront } from './api.ts';
export { STATUSES } from './filters.ts';
