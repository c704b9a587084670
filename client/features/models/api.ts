import { Type } from 'typebox';
import { ModelDto } from '#core/api/model.ts';
import { get, post, urlOf } from '../../api.ts';
import { upload } from '../../upload.ts';

export const fetchModels = (project: string, signal?: AbortSignal) => get(Type.Array(ModelDto), `/projects/${project}/models`, signal);
export const promoteModel = (id: string, reason: string) => post(ModelDto, `/models/${id}/promote`, reason ? { reason } : {});
export const weightsOf = (id: string) => urlOf(`/models/${id}/weights.onnx`);
export function uploadModel(project: string, file: File, onProgress: (sent: number) => void, signal: AbortSignal) {
  const form = new FormData();
  form.append('file', file, file.name);
  return upload(ModelDto, `/projects/${project}/models`, form, onProgress, signal);
}
