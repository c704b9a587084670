/** For tests: files as one multipart body. */
import { randomUUID } from 'node:crypto';
import type { TestPerson } from '../../testing/harness.ts';

export type Upload = Record<string, Uint8Array | string>;

export async function sendFiles(person: TestPerson, importId: string, files: Upload) {
  const boundary = `----${randomUUID()}`;
  const chunks: Buffer[] = [];
  for (const [path, bytes] of Object.entries(files)) {
    chunks.push(Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${path}"; filename="x"\r\nContent-Type: application/octet-stream\r\n\r\n`), Buffer.from(bytes), Buffer.from('\r\n'));
  }
  chunks.push(Buffer.from(`--${boundary}--\r\n`));
  return person.request('POST', `/imports/${importId}/files`, Buffer.concat(chunks), { 'content-type': `multipart/form-data; boundary=${boundary}` });
}
