/** npm run emend -- COMMAND …: the HTTP API from a terminal. */
import { parseArgs } from 'node:util';
import { EmendError } from '#core/errors.ts';
import { ConfigError } from '../config.ts';
import { Api } from './api.ts';
import { CliError, table, type Command, type Io } from './command.ts';
import { doctor } from './commands/doctor.ts';
import { exportCommand, models } from './commands/files.ts';
import { importCommand } from './commands/import.ts';
import { serverAddress, signInLink, token } from './commands/local.ts';
import { freeze, predict, train } from './commands/loop.ts';
import { project } from './commands/project.ts';
import { report } from './commands/report.ts';

const COMMANDS: readonly Command[] = [project, importCommand, predict, freeze, train, exportCommand, report, models, doctor, signInLink, token];

/** Returns the exit code: 0 done, 1 it did not work, 2 the call is wrong or wants an answer. */
export async function runCli(argv: readonly string[], io: Io): Promise<0 | 1 | 2> {
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    for (const line of overview()) io.out(line);
    return name === undefined ? 2 : 0;
  }
  try {
    const command = COMMANDS.find((c) => c.name === name);
    if (!command) throw new CliError(`There is no command "${name}". Known: ${COMMANDS.map((c) => c.name).join(', ')}.`, 2);
    await runCommand(command, rest, io);
    return 0;
  } catch (error) {
    if (!(error instanceof CliError || error instanceof EmendError || error instanceof ConfigError)) throw error;
    io.note(error.message);
    return error instanceof CliError ? error.exitCode : 1;
  }
}

async function runCommand(command: Command, rest: readonly string[], io: Io): Promise<void> {
  const { values, positionals } = parse(command, rest);
  const { help, json, ...flags } = values;
  if (help === true) {
    for (const line of helpOf(command)) io.out(line);
    return;
  }
  if (command.usage === '' && positionals.length > 0) throw new CliError(`${command.name} takes options only, not "${positionals.join(' ')}". See "emend ${command.name} --help".`, 2);
  const address = io.env['EMEND_URL'] ?? await serverAddress(io);
  let api: Api | undefined;
  const result = await command.run({ ...io, args: positionals, flags, api: () => (api ??= connect(io, address)) });
  if (json === true) io.out(JSON.stringify(result.json, null, 2));
  else for (const line of result.lines) io.out(line);
}

function parse(command: Command, rest: readonly string[]) {
  const options = { ...command.options, help: { type: 'boolean', short: 'h' }, json: { type: 'boolean' } } as const;
  try {
    const { values, positionals } = parseArgs({ args: [...rest], options, allowPositionals: true, strict: true });
    return { values: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Array.isArray(value) ? String(value.at(-1)) : value])), positionals };
  } catch (error) {
    throw new CliError(`${optionProblem(command, error)} See "emend ${command.name} --help".`, 2);
  }
}

/** parseArgs explains at length how to pass words that begin with a dash; nobody here means that. */
function optionProblem({ name }: Command, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const unknown = /^Unknown option '(-[^']*)'/.exec(message)?.[1];
  return unknown === undefined ? `${message.split('\n')[0] ?? ''}.`.replace(/\.\.$/, '.') : `${name} has no option ${unknown}.`;
}

function connect({ env }: Io, address: string): Api {
  const token = env['EMEND_TOKEN'];
  if (!token) throw new CliError('Set EMEND_TOKEN to an API token: make one on the Account page, or, on the machine of the server, with "npm run emend -- token".', 2);
  return new Api(address, token);
}

function overview(): string[] {
  return [
    'npm run emend -- COMMAND …', '', ...table(COMMANDS.map((c) => [`  ${c.name}`, c.summary])), '',
    'EMEND_URL    the server; when not set, the one that runs on the data directory, else http://127.0.0.1:4400', 'EMEND_TOKEN  an API token, of the Account page or of the command token', '',
    'COMMAND --help shows its options; --json prints the result for programs.',
  ];
}

function helpOf(command: Command): string[] {
  return [`npm run emend -- ${command.name} ${command.usage}`.trimEnd(), command.summary, '', ...table([...command.help, ['--json', 'print the result as JSON']].map(([option = '', meaning = '']) => [`  ${option}`, meaning]))];
}

if (import.meta.main) {
  process.exitCode = await runCli(process.argv.slice(2), {
    env: process.env, cwd: process.env['INIT_CWD'] ?? process.cwd(), home: process.cwd(), out: (line) => { console.log(line); }, note: (line) => { console.error(line); },
  });
}
