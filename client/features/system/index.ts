export { useTrainer } from './useTrainer.ts';
