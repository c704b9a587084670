/** Pictures as answers: never sniffed, never run, cached for ever because their address names their bytes. */
import { createReadStream } from 'node:fs';
import type { FastifyReply } from 'fastify';
import type { Blobs } from '../../context.ts';

/** A file name for Content-Disposition (RFC 6266, RFC 8187). */
export function attachment(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  return `attachment; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)}`;
}

export interface Served { sha256: string; type: string; /** Offered for saving under this name instead of being shown. */ saveAs?: string; /** The address may name other bytes later: it is asked for again each time. */ asked?: boolean }

export async function sendBlob(reply: FastifyReply, blobs: Blobs, { sha256, type, saveAs, asked }: Served): Promise<FastifyReply> {
  const etag = `"${sha256}"`;
  reply.headers({
    'content-type': type, 'x-content-type-options': 'nosniff', 'content-security-policy': "sandbox; default-src 'none'", etag,
    'cache-control': asked === true ? 'private, no-cache' : 'private, max-age=31536000, immutable', 'cross-origin-resource-policy': 'same-origin',
    ...(saveAs === undefined ? {} : { 'content-disposition': attachment(saveAs) }),
  });
  if (reply.request.headers['if-none-match'] === etag) return reply.code(304).send();
  return reply.send(createReadStream(await blobs.path(sha256)));
}
