export { default as ImageDrawer } from './ImageDrawer.vue';
export { STATUSES } from './filters.ts';
