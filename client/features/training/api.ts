import { Type, type Static } from 'typebox';
import type { CreateRun} from '#core/api/run.ts';
import { EpochPoint, LogLine, RunDto, RunNeeds, TrainerArgument } from '#core/api/run.ts';
import { RunPictures } from '#core/api/evaluation.ts';
import { Nullable } from '#core/api/common.ts';
import { get, post, urlOf } from '../../api.ts';

export const fetchRuns = (project: string, signal?: AbortSignal) => get(Type.Array(RunDto), `/projects/${project}/runs`, signal);
export const fetchRun = (id: string, signal?: AbortSignal) => get(RunDto, `/runs/${id}`, signal);
export const fetchEpochs = (id: string, signal?: AbortSignal) => get(Type.Array(EpochPoint), `/runs/${id}/epochs`, signal);
export const fetchLog = (id: string, after: number, signal?: AbortSignal) => get(Type.Array(LogLine), urlOf(`/runs/${id}/log`, { after }), signal);
export const startRun = (project: string, body: Static<typeof CreateRun>) => post(RunDto, `/projects/${project}/runs`, body);
export const fetchPictures = (id: string, signal?: AbortSignal) => get(RunPictures, `/runs/${id}/pictures`, signal);
export const keepPresent = (id: string, reason: string) => post(RunDto, `/runs/${id}/keep`, { reason });
export const cancelRun = (id: string) => post(RunDto, `/runs/${id}/cancel`);
export const pauseRun = (id: string) => post(RunDto, `/runs/${id}/pause`);
export const resumeRun = (id: string) => post(RunDto, `/runs/${id}/resume`);
export const fetchArguments = (project: string, signal?: AbortSignal) => get(Nullable(Type.Array(TrainerArgument)), `/projects/${project}/runs/arguments`, signal);
export const fetchNeeds = (project: string, version: string, model: string | null, signal?: AbortSignal) => get(RunNeeds, urlOf(`/projects/${project}/runs/needs`, { version, model }), signal);
