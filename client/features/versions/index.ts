export { fetchVersions } from './api.ts';
export { usePages } from './usePages.ts';
