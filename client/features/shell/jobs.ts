import type { JobDto } from '#core/api/job.ts';
import { count } from '../../ui/words.ts';

const NAMES: Record<JobDto['kind'], string> = {
  demo: 'Making the demo', import: 'Importing', predict: 'Predicting', export: 'Exporting', train: 'Training', environment: 'Making the training environment', 'fetch-model': 'Fetching a model', likeness: 'Comparing the images', 'second-look': 'Taking a second look', map: 'Making the map',
};

export const isLive = (job: JobDto): boolean => job.state === 'queued' || job.state === 'running';
export const jobName = (job: JobDto): string => NAMES[job.kind];

/** "42 of 312", or the job's own words where the whole is not known. */
export function jobProgress(job: JobDto): string {
  if (job.state === 'queued') return 'waiting for its turn';
  if (job.total !== null && job.total > 0) return `${count(job.done)} of ${count(job.total)}`;
  return job.message ?? 'at work';
}

/** The list with this job put in or replaced, newest first. An event that is older than what is shown never undoes an end. */
export function patchJobs(jobs: readonly JobDto[], job: JobDto): JobDto[] {
  const known = jobs.find((j) => j.id === job.id);
  if (!known) return [job, ...jobs];
  if (!isLive(known) && isLive(job)) return [...jobs];
  return jobs.map((j) => (j.id === job.id ? job : j));
}
