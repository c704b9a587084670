/** The only door of this feature. */
export { default as AlikePanel } from './AlikePanel.vue';
export { default as DrawPreview } from './DrawPreview.vue';
export { default as LeakPanel } from './LeakPanel.vue';
export { default as ReasonForm } from './ReasonForm.vue';
export { default as SplitPanel } from './SplitPanel.vue';
export { useReasoned } from './useReasoned.ts';
