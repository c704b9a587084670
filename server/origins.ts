import type { AddressInfo } from 'node:net';
import type { Config } from './config.ts';

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/**
 * The exact origins whose pages may use cookies and sockets: that of the public URL, and, where that is this very machine, its other names with
 * the same port. With port 0 the port counts that the system gave.
 */
export function originsOf(config: Config, address: AddressInfo | string | null): ReadonlySet<string> {
  const url = new URL(config.publicUrl);
  if (config.port === 0 && url.port === '0' && address !== null && typeof address !== 'string') url.port = String(address.port);
  if (!LOOPBACK.includes(url.hostname)) return new Set([url.origin]);
  return new Set(LOOPBACK.map((host) => `${url.protocol}//${host}${url.port ? `:${url.port}` : ''}`));
}
