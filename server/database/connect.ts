import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from '#prisma';
import { unreachable } from './migrate.ts';

/** Opens the database and makes sure that it answers. @throws EmendError `unavailable` with one sentence. */
export async function connect(url: string, poolSize = 12): Promise<PrismaClient> {
  // Prisma connects when it is first used, and wraps what goes wrong; this says it at once and in words.
  const probe = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  probe.on('error', () => undefined);
  await probe.connect().catch((error: unknown) => { throw unreachable(url, error); });
  await probe.end();
  return new PrismaClient({
    adapter: new PrismaPg({ connectionString: url, max: poolSize, connectionTimeoutMillis: 10_000 }),
    errorFormat: 'minimal',
  });
}
