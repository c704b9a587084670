import type { Static, TSchema } from 'typebox';
import { EmendError } from '#core/errors.ts';
import { answer, unreachable, urlOf } from './api.ts';

/** One multipart POST with progress in bytes: fetch cannot report how much was sent. Rejects with EmendError; AbortError when cancelled. */
export function upload<T extends TSchema>(schema: T, path: string, form: FormData, onProgress: (sent: number) => void, signal?: AbortSignal): Promise<Static<T>> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', urlOf(path));
    request.setRequestHeader('accept', 'application/json');
    request.upload.addEventListener('progress', (event) => { onProgress(event.loaded); });
    request.addEventListener('error', () => { reject(unreachable()); });
    request.addEventListener('abort', () => { reject(new DOMException('Cancelled', 'AbortError')); });
    request.addEventListener('load', () => {
      try {
        resolve(answer(schema, request.status, request.responseText));
      } catch (error) {
        reject(error instanceof Error ? error : new EmendError('failed', 'The upload failed. Try again.'));
      }
    });
    signal?.addEventListener('abort', () => { request.abort(); }, { once: true });
    request.send(form);
  });
}
