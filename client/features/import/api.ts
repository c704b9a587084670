import { Type } from 'typebox';
import { Ok } from '#core/api/common.ts';
import { ImportDto, type ImportOptions } from '#core/api/import.ts';
import { get, post, remove } from '../../api.ts';
import { upload } from '../../upload.ts';

export const fetchImport = (id: string, signal?: AbortSignal) => get(ImportDto, `/imports/${id}`, signal);
export const fetchImports = (project: string, signal?: AbortSignal) => get(Type.Array(ImportDto), `/projects/${project}/imports`, signal);
export const createImport = (project: string) => post(ImportDto, `/projects/${project}/imports`);
export const planImport = (id: string, options: ImportOptions) => post(ImportDto, `/imports/${id}/plan`, options);
export const applyImport = (id: string) => post(ImportDto, `/imports/${id}/apply`);
export const dropImport = (id: string) => remove(Ok, `/imports/${id}`);
export const sendFiles = (id: string, form: FormData, onProgress: (sent: number) => void, signal: AbortSignal) => upload(ImportDto, `/imports/${id}/files`, form, onProgress, signal);
