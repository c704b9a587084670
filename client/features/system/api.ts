import { JobDto } from '#core/api/job.ts';
import { SystemDto } from '#core/api/system.ts';
import { get, patch, post } from '../../api.ts';

export const fetchSystem = (signal?: AbortSignal) => get(SystemDto, '/system', signal);
export const fetchSegmenter = (name: string) => post(JobDto, `/system/segmenters/${encodeURIComponent(name)}/fetch`);
export const cancelSystemJob = (id: string) => post(JobDto, `/system/jobs/${id}/cancel`);
export const prepareTrainer = () => post(JobDto, '/system/trainer/prepare');
export const chooseSegmenter = (name: string | null) => patch(SystemDto, '/system/segmenter', { name });
