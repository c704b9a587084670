import { Type } from 'typebox';
import { pageOf } from '#core/api/common.ts';
import { DatasetItemDto, DatasetVersionDto, FreezePreview, ImageDiff, Provenance, VersionDiff } from '#core/api/dataset.ts';
import type { ChangeKind } from '#core/dataset/diff.ts';
import { get, post, urlOf } from '../../api.ts';

export const fetchVersions = (project: string, signal?: AbortSignal) => get(Type.Array(DatasetVersionDto), `/projects/${project}/versions`, signal);
export const fetchPreview = (project: string, pseudo: number | null, signal?: AbortSignal) => get(FreezePreview, urlOf(`/projects/${project}/versions/preview`, { pseudo }), signal);
export const freeze = (project: string, note: string, pseudo: number | null) =>
  post(DatasetVersionDto, `/projects/${project}/versions`, { ...(note ? { note } : {}), ...(pseudo === null ? {} : { pseudo }) });
export const zipOf = (version: string) => urlOf(`/versions/${version}/export.zip`);
export const manifestOf = (version: string) => urlOf(`/versions/${version}/manifest.json`);
export const fetchDiff = (to: string, from: string, signal?: AbortSignal) => get(VersionDiff, urlOf(`/versions/${to}/diff`, { from }), signal);
export const fetchDiffImages = (to: string, from: string, kind: ChangeKind | null, after: string | null, signal?: AbortSignal) =>
  get(pageOf(ImageDiff), urlOf(`/versions/${to}/diff/images`, { from, kind, after, limit: 20 }), signal);
export const fetchItems = (version: string, after: string | null, signal?: AbortSignal) => get(pageOf(DatasetItemDto), urlOf(`/versions/${version}/items`, { after, limit: 40 }), signal);
export const fetchProvenance = (version: string, image: string, label: string, signal?: AbortSignal) => get(Provenance, `/versions/${version}/images/${image}/labels/${label}`, signal);
export const restore = (version: string) => post(DatasetVersionDto, `/versions/${version}/restore`);
