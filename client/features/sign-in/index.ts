export { setPassword, signOut } from './api.ts';
