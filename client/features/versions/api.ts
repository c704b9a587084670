import { Type } from 'typebox';
import { DatasetVersionDto, FreezePreview } from '#core/api/dataset.ts';
import { get, post, urlOf } from '../../api.ts';

export const fetchVersions = (project: string, signal?: AbortSignal) => get(Type.Array(DatasetVersionDto), `/projects/${project}/versions`, signal);
export const fetchPreview = (project: string, signal?: AbortSignal) => get(FreezePreview, `/projects/${project}/versions/preview`, signal);
export const freeze = (project: string, note: string) => post(DatasetVersionDto, `/projects/${project}/versions`, note ? { note } : {});
export const zipOf = (version: string) => urlOf(`/versions/${version}/export.zip`);
export const manifestOf = (version: string) => urlOf(`/versions/${version}/manifest.json`);
