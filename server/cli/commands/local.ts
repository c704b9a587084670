/** What only somebody at the machine may do: it goes to the database of the running Emend, not through its API. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newId } from '#core/ids.ts';
import type { PrismaClient } from '#prisma';
import { createSignInLink } from '../../auth/signInLink.ts';
import { makeToken } from '../../auth/tokens.ts';
import { recordedAddress } from '../../address.ts';
import { readConfig } from '../../config.ts';
import { locateCluster } from '../../database/cluster.ts';
import { connect } from '../../database/connect.ts';
import { CliError, type Call, type Command } from '../command.ts';

export const signInLink: Command = {
  name: 'sign-in-link', usage: '[EMAIL]', summary: 'A one-time address that signs a person in (the first administrator, unless named)', options: {}, help: [],
  async run(call) {
    // Beside a link that was printed or sent before: that one lies in somebody's mail, and stays good until it is used.
    const path = await withDatabase(call, async (db) => createSignInLink(db, (await personOf(db, call.args[0])).email, { keepOthers: true }));
    const url = `${await serverAddress(call)}${path}`;
    return { json: { url }, lines: [url] };
  },
};

export const token: Command = {
  name: 'token', usage: '[EMAIL]', summary: 'An API token of a person (the first administrator, unless named), for EMEND_TOKEN', options: {}, help: [],
  async run(call) {
    const made = makeToken();
    await withDatabase(call, async (db) => {
      const person = await personOf(db, call.args[0]);
      await db.apiToken.create({ data: { id: newId(), userId: person.id, name: 'command line', hash: made.hash, prefix: made.prefix } });
    });
    return { json: { token: made.token }, lines: [made.token] };
  },
};

/** What the environment names, else where the running server says it is, else where one would be. */
export async function serverAddress({ env, home }: Pick<Call, 'env' | 'home'>): Promise<string> {
  const { dataDir, publicUrl } = readConfig(env, home);
  const named = Boolean(env['EMEND_URL']?.trim() || env['EMEND_PORT']?.trim());
  return named ? publicUrl : await recordedAddress(dataDir) ?? publicUrl;
}

async function personOf(db: PrismaClient, email: string | undefined): Promise<{ id: string; email: string }> {
  const person = email === undefined ? await db.user.findFirst({ where: { admin: true }, orderBy: { createdAt: 'asc' } }) : await db.user.findUnique({ where: { email: email.trim().toLowerCase() } });
  if (!person) throw new CliError(email === undefined ? 'There is no administrator yet. Start Emend once.' : `Nobody here has the e-mail address ${email}.`, 2);
  return person;
}

async function withDatabase<T>({ env, home }: Call, work: (db: PrismaClient) => Promise<T>): Promise<T> {
  const config = readConfig(env, home);
  const db = await connect(config.databaseUrl ?? await embeddedUrl(config.dataDir), 1);
  try {
    return await work(db);
  } finally {
    await db.$disconnect();
  }
}

/** PostgreSQL writes its port into the fourth line of postmaster.pid. */
async function embeddedUrl(dataDir: string): Promise<string> {
  const none = new CliError(`No Emend runs on the data directory ${dataDir}. Start it with "npm start", or set EMEND_DATA or DATABASE_URL as for the server.`);
  const password = await readFile(join(dataDir, 'postgres.password'), 'utf8').catch(() => { throw none; });
  const { dir } = await locateCluster(dataDir);
  const port = (await readFile(join(dir, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')[3]?.trim();
  if (!port) throw none;
  return `postgresql://postgres:${password.trim()}@127.0.0.1:${port}/emend`;
}
