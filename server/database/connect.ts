import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '#prisma';
import { unreachable } from './migrate.ts';

/** Opens the database and makes sure that it answers. @throws EmendError `unavailable` with one sentence. */
export async function connect(url: string, poolSize = 12): Promise<PrismaClient> {
  const db = new PrismaClient({
    adapter: new PrismaPg({ connectionString: url, max: poolSize, connectionTimeoutMillis: 10_000 }),
    errorFormat: 'minimal',
  });
  try {
    await db.$queryRaw`SELECT 1`;
    return db;
  } catch (error) {
    await db.$disconnect();
    throw unreachable(url, error instanceof Error && error.cause !== undefined ? error.cause : error);
  }
}
