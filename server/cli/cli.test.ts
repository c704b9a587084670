import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testApp } from '../testing/harness.ts';
import { recordAddress } from '../address.ts';
import { runCli } from './main.ts';

const t = await testApp();
const dir = await mkdtemp(join(tmpdir(), 'emend-cli-'));
afterAll(() => rm(dir, { recursive: true, force: true }));
let token = '';

async function emend(args: string[], env: Record<string, string | undefined> = {}) {
  const out: string[] = [];
  const notes: string[] = [];
  const code = await runCli(args, { env: { EMEND_URL: t.url, EMEND_TOKEN: token, ...env }, cwd: dir, home: dir, out: (line) => out.push(line), note: (line) => notes.push(line) });
  return { code, out: out.join('\n'), notes: notes.join('\n') };
}

async function writeExport(folder: string): Promise<void> {
  await mkdir(join(folder, 'train/images'), { recursive: true });
  await mkdir(join(folder, 'train/labels'), { recursive: true });
  await writeFile(join(folder, 'data.yaml'), 'names: [Chip, Void]\ntrain: train/images\n');
  for (const shade of [40, 80, 120]) {
    await writeFile(join(folder, `train/images/${shade}.png`), await sharp({ create: { width: 64, height: 48, channels: 3, background: { r: shade, g: shade, b: shade } } }).png().toBuffer());
    await writeFile(join(folder, `train/labels/${shade}.txt`), '0 0.5 0.5 0.2 0.2\n');
  }
}

beforeAll(async () => {
  token = (await t.person({ admin: true })).token;
  await t.project({ name: 'Dies', task: 'detect' });
  await writeExport(join(dir, 'export'));
});

describe('help and refusals', () => {
  it('lists the commands, and their options', async () => {
    const { code, out } = await emend(['--help']);
    expect(code).toBe(0);
    for (const name of ['project', 'import', 'predict', 'freeze', 'train', 'export', 'models', 'doctor', 'sign-in-link']) expect(out).toContain(`  ${name}`);
    expect((await emend(['import', '--help'])).out).toContain('--dry-run');
  });
  it.each([[['nothing']], [['freeze', '--nothing']], [['import']], [['import', 'no-such-folder']], [['train', '--epochs', 'many']], [['freeze', '--project', 'Other']]])('answers %j with one sentence and code 2', async (args) => {
    const { code, notes } = await emend(args);
    expect(code).toBe(2);
    expect(notes.split('\n')).toHaveLength(1);
  });
  it('says how to get a token, and when the server is not there', async () => {
    expect(await emend(['freeze'], { EMEND_TOKEN: undefined })).toMatchObject({ code: 2, notes: expect.stringContaining('Account page') });
    expect(await emend(['freeze'], { EMEND_TOKEN: 'emend_wrong' })).toMatchObject({ code: 2 });
    expect(await emend(['freeze'], { EMEND_URL: 'http://127.0.0.1:1' })).toMatchObject({ code: 1, notes: expect.stringContaining('No Emend answers') });
    expect(await emend(['freeze'], { EMEND_URL: 'http://foo.invalid' })).toMatchObject({ code: 1, notes: expect.stringMatching(/no machine called foo\.invalid|foo\.invalid does not answer/) });
    expect((await emend(['freeze', '--nothing'])).notes).toBe('freeze has no option --nothing. See "emend freeze --help".');
  });
});

describe('the loop from a terminal', () => {
  it('shows a plan and writes nothing with --dry-run', async () => {
    const { code, out } = await emend(['import', 'export', '--project', 'Dies', '--dry-run']);
    expect(code).toBe(0);
    expect(out).toContain('3 pictures: 3 new');
    expect(await t.db.image.count()).toBe(0);
  });
  it('imports into no project that was not named', async () => {
    for (const flags of [[], ['--dry-run'], ['--project', 'Dies', '--new-project', 'Two']]) {
      expect(await emend(['import', 'export', ...flags])).toMatchObject({ code: 2, notes: 'Say where it goes: --project NAME ("Dies"), or --new-project NAME --task segment|detect.' });
    }
    expect(await emend(['import', 'export', '--new-project', 'dies', '--task', 'detect'])).toMatchObject({ code: 2, notes: expect.stringContaining('There is a project "dies" already') });
    expect(await emend(['import', 'export', '--new-project', 'Other'])).toMatchObject({ code: 2, notes: expect.stringContaining('--task') });
    expect(await emend(['import', 'export', '--new-project', 'Other', '--task', 'detect', '--dry-run'])).toMatchObject({ code: 2, notes: expect.stringContaining('makes no project') });
    expect([await t.db.project.count(), await t.db.import.count({ where: { state: 'applied' } }), await t.db.image.count()]).toEqual([1, 0, 0]);
  });
  it('imports, freezes and exports', async () => {
    expect(await emend(['import', 'export', '--project', 'dies'])).toMatchObject({ code: 0, out: expect.stringContaining('Imported 3 pictures') });
    expect(await t.db.image.count()).toBe(3);
    const frozen = await emend(['freeze', '--note', 'first', '--json']);
    expect(frozen.code).toBe(0);
    expect(JSON.parse(frozen.out)).toMatchObject({ number: 1, note: 'first' });
    // Of a first version everything is new; its pictures have nothing before them to be told from.
    const again = await t.project({ name: 'Told', task: 'detect' });
    expect((await emend(['import', 'export', '--project', 'Told'])).code).toBe(0);
    expect(await emend(['freeze', '--project', again.id])).toMatchObject({ code: 0, out: expect.stringContaining('3 labels, 3 pictures new') });
    await t.db.project.update({ where: { id: again.id }, data: { archivedAt: new Date() } });
    expect((await emend(['export', '--version', '1'])).code).toBe(0);
    expect((await emend(['export', '-o', 'files.zip'])).code).toBe(0);
    expect(await readdir(dir)).toEqual(expect.arrayContaining(['version-1.zip', 'files.zip']));
    for (const name of ['version-1.zip', 'files.zip']) expect((await readFile(join(dir, name))).subarray(0, 2).toString()).toBe('PK');
    expect((await emend(['export', '--version', '9'])).code).toBe(2);
  });
  it('makes projects, on the way of an import too', async () => {
    expect(await emend(['project', 'create', 'Boards', '--task', 'segment', '--classes', 'Crack, Void'])).toMatchObject({ code: 0, out: expect.stringMatching(/^Made "Boards" \(\w+\)\.$/) });
    expect((await t.db.project.findFirstOrThrow({ where: { name: 'Boards' }, include: { classes: { orderBy: { index: 'asc' } } } })).classes.map((c) => c.name)).toEqual(['Crack', 'Void']);
    expect(await emend(['import', 'export', '--new-project', 'Fresh', '--task', 'detect'])).toMatchObject({ code: 0, out: expect.stringContaining('Imported 3 pictures into "Fresh"') });
    for (const args of [['project'], ['project', 'create'], ['project', 'create', 'X'], ['project', 'delete', 'Fresh']]) expect((await emend(args)).code).toBe(2);
  });
  it('tells the server’s own words when something cannot be done', async () => {
    const { code, notes } = await emend(['predict', '--project', 'Dies']);
    expect(code).toBe(1);
    expect(notes).not.toBe('');
    expect(await emend(['models', '--project', 'Dies'])).toMatchObject({ code: 0, out: 'There is no model yet.' });
  });
});

describe('report', () => {
  it('lists iterations and writes one as a file', async () => {
    const { code, out } = await emend(['report', '--project', 'Dies']);
    expect(code).toBe(0);
    expect(out).toContain('1 (goes on)');
    expect(await emend(['report', '--project', 'Dies', '--iteration', '1', '--format', 'html', '-o', 'r.html'])).toMatchObject({ code: 0 });
    expect(await readFile(join(dir, 'r.html'), 'utf8')).toContain('iteration 1</h1>');
    expect(await emend(['report', '--project', 'Dies', '--format', 'csv', '--table', 'iterations'])).toMatchObject({ code: 0 });
    expect(await readFile(join(dir, 'report-1-iterations.csv'), 'utf8')).toMatch(/^iteration,started/);
    expect(await emend(['report', '--project', 'Dies', '--format', 'pdf'])).toMatchObject({ code: 2, notes: expect.stringContaining('html, json, csv') });
    expect(await emend(['report', '--project', 'Dies', '--format', 'json', '--iteration', '99', '-o', 'no.json'])).toMatchObject({ code: 1, notes: expect.stringContaining('no iteration 99') });
  });
});

describe('on the machine of the server', () => {
  it('makes sign-in links and tokens', async () => {
    const env = { DATABASE_URL: t.databaseUrl };
    expect(await emend(['sign-in-link'], env)).toMatchObject({ code: 0, out: expect.stringMatching(/\/sign-in\?token=\S+$/) });
    const made = (await emend(['token'], env)).out;
    expect((await emend(['models', '--project', 'Dies'], { EMEND_TOKEN: made })).code).toBe(0);
    const links = [(await emend(['sign-in-link'], env)).out, (await emend(['sign-in-link'], env)).out];
    for (const link of links) {
      const answer = await t.app.inject({ method: 'POST', url: '/api/v1/sign-in', headers: { origin: t.url }, payload: { token: new URL(link).searchParams.get('token') } });
      expect([link, answer.statusCode, answer.body], 'a second link leaves the first one good').toEqual([link, 200, answer.body]);
    }
    expect(await emend(['sign-in-link', 'nobody@example.org'], env)).toMatchObject({ code: 2 });
    expect(await emend(['sign-in-link'])).toMatchObject({ code: 1, notes: expect.stringContaining('No Emend runs') });
  });
  it('finds the running server by its data directory, unless an address is named', async () => {
    const env = { DATABASE_URL: t.databaseUrl, EMEND_DATA: t.dataDir, EMEND_URL: undefined };
    expect((await emend(['sign-in-link'], env)).out).toMatch(/^http:\/\/127\.0\.0\.1:4400\/sign-in/);
    const remove = await recordAddress(t.dataDir, t.url);
    expect((await emend(['sign-in-link'], env)).out).toContain(`${t.url}/sign-in?token=`);
    expect((await emend(['models', '--project', 'Dies'], { EMEND_DATA: t.dataDir, EMEND_URL: undefined })).code).toBe(0);
    expect((await emend(['sign-in-link'], { ...env, EMEND_PORT: '5005' })).out).toContain(':5005/sign-in');
    expect((await emend(['sign-in-link'], { ...env, EMEND_URL: 'https://emend.example.org' })).out).toContain('https://emend.example.org/sign-in');
    await remove();
    expect((await emend(['sign-in-link'], env)).out).toContain(':4400/sign-in');
  });
  it('examines the installation', async () => {
    const { code, out, notes } = await emend(['doctor']);
    expect(out + notes).toContain('PostgreSQL');
    expect([0, 1]).toContain(code);
  });
});
