/**
 * SQL that leads from a database's schema, as it is, to prisma/schema.prisma; "" when they agree. By Prisma's own engine in WebAssembly, so it
 * works without a network. Used to write a migration, and by the test that holds migrations and schema together:
 *   node server/database/schemaDiff.ts postgresql://…   (an empty or a migrated database)
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import { SchemaEngine } from '@prisma/schema-engine-wasm';

const SCHEMA = fileURLToPath(new URL('../../prisma/schema.prisma', import.meta.url));

export async function schemaDiff(url: string): Promise<string> {
  const content = await readFile(SCHEMA, 'utf8');
  const adapter = bindMigrationAwareSqlAdapterFactory(new PrismaPg({ connectionString: url }));
  const engine = await SchemaEngine.new({ datamodels: [[SCHEMA, content]] }, () => undefined, adapter);
  const { stdout } = await engine.diff({
    from: { tag: 'empty' }, to: { tag: 'schemaDatamodel', files: [{ path: SCHEMA, content }] },
    script: true, exitCode: null, filters: { externalTables: [], externalEnums: [] },
  });
  return stdout ?? '';
}

const url = process.argv[2];
if (process.argv[1] === fileURLToPath(import.meta.url) && url) process.stdout.write(await schemaDiff(url));
