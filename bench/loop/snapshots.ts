/** What the bench's server knew at the end of each cell: a database of its own per cell, copied by PostgreSQL. Files are shared, since they are named by their content. */
import { chmod, mkdir } from 'node:fs/promises';
import pg from 'pg';
import { startEmbedded, type EmbeddedDatabase } from '../../server/database/embedded.ts';

export class Snapshots {
  readonly #cluster: EmbeddedDatabase;

  private constructor(cluster: EmbeddedDatabase) {
    this.#cluster = cluster;
  }

  static async open(dataDir: string): Promise<Snapshots> {
    await mkdir(dataDir, { recursive: true });
    await chmod(dataDir, 0o755); // as root, PostgreSQL runs under another account
    return new Snapshots(await startEmbedded(dataDir, { settings: { fsync: 'off' } }));
  }

  url(name: string): string {
    const url = new URL(this.#cluster.url);
    url.pathname = `/${name}`;
    return url.href;
  }

  async has(name: string): Promise<boolean> {
    return (await this.query('postgres', 'SELECT 1 FROM pg_database WHERE datname = $1', [name])).length > 0;
  }

  /** A database named `name`, empty or as `from`. What was left of an interrupted one goes away. */
  async make(name: string, from = 'template0'): Promise<void> {
    await this.drop(name);
    await this.query('postgres', `CREATE DATABASE "${name}" TEMPLATE "${from}"`);
  }

  /** The finished state gets its name only now: what has it is whole. */
  async keep(name: string, as: string): Promise<void> {
    await this.drop(as);
    await this.query('postgres', `ALTER DATABASE "${name}" RENAME TO "${as}"`);
  }

  async drop(name: string): Promise<void> {
    await this.query('postgres', `DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
  }

  async query(database: string, text: string, values: unknown[] = []): Promise<unknown[]> {
    const client = new pg.Client({ connectionString: this.url(database) });
    await client.connect();
    try {
      return (await client.query(text, values)).rows;
    } finally {
      await client.end();
    }
  }

  stop(): Promise<void> {
    return this.#cluster.stop();
  }
}
