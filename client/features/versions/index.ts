export { fetchVersions } from './api.ts';
