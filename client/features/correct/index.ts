/** The only door to the editor's page for other features. */
export { default as CorrectPage } from './CorrectPage.vue';
export { bindPointer } from './pointer.ts';
