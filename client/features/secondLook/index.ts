/** What the editor shows of a finding that a picture was opened for. The only door of this feature. */
export { default as FindingMark } from './FindingMark.vue';
export { default as FindingNotice } from './FindingNotice.vue';
export { useFinding } from './useFinding.ts';
