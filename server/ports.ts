/** Which port to listen on, and what to say when that fails. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { randomInt } from 'node:crypto';
import { EmendError } from '#core/errors.ts';

/** Below every system's ephemeral range (Linux 32768+, others 49152+): a connection that somebody opens never takes one of these. */
const FIRST = 20_000;
const END = 32_000;
const TRIES = 50;

/** A port of 127.0.0.1 that nobody listens on now. Throws 'failed' when none is found. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries++) {
    const port = randomInt(FIRST, END);
    if (await tryPort('127.0.0.1', port).then(() => true, () => false)) return port;
  }
  throw new EmendError('failed', `No free port between ${FIRST} and ${END} was found on this machine.`);
}

/** Listens for a moment; rejects as `listen` would. */
export async function tryPort(host: string, port: number): Promise<void> {
  const probe = createServer();
  probe.listen({ host, port });
  await once(probe, 'listening');
  probe.close();
  await once(probe, 'close');
}

/** What a person can do about a failed `listen`; anything unexpected is given back as it is. */
export function portProblem({ host, port }: { host: string; port: number }, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') return new EmendError('conflict', `Port ${port} is in use, by another program or by an Emend that runs already. Stop that one, or set EMEND_PORT to a free port.`);
  if (code === 'EACCES') return new EmendError('forbidden', `Port ${port} needs more rights than this user has. Set EMEND_PORT to a number above 1023.`);
  if (code === 'EADDRNOTAVAIL') return new EmendError('invalid', `This machine has no address ${host}. Set EMEND_HOST to 127.0.0.1, 0.0.0.0 or an address of its own.`);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return new EmendError('invalid', `EMEND_HOST is "${host}", which is no address of this machine. Set it to 127.0.0.1, 0.0.0.0 or an address of its own.`);
  return error;
}
