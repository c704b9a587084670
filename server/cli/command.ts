/** What every command of the CLI is, and what it may use. */
import type { ParseArgsOptionsConfig } from 'node:util';
import type { Api } from './api.ts';

/** Ends the program with one sentence. 1: it did not work; 2: the call itself is wrong or wants an answer. */
export class CliError extends Error {
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

export interface Io {
  env: Record<string, string | undefined>;
  /** What relative files are relative to. */
  cwd: string;
  /** Of the installation: what EMEND_DATA is relative to, as for the server. */
  home: string;
  /** Results: stdout. */
  out: (line: string) => void;
  /** Progress and problems: stderr, so that results can be piped. */
  note: (line: string) => void;
}

export type Flags = Record<string, string | boolean | undefined>;

export interface Call extends Io {
  args: string[];
  flags: Flags;
  /** Of the server; made at the first use, so that commands without one need no token. */
  api: () => Api;
}

export interface Command {
  name: string;
  /** What follows the name. */
  usage: string;
  summary: string;
  options: ParseArgsOptionsConfig;
  /** One line per option, aligned by the help. */
  help: readonly (readonly [option: string, meaning: string])[];
  /** The returned value is printed with --json, `lines` without. */
  run: (call: Call) => Promise<Result>;
}

export interface Result {
  json: unknown;
  lines: readonly string[];
}

export function textFlag(flags: Flags, name: string): string | undefined {
  const value = flags[name];
  return typeof value === 'string' ? value : undefined;
}

/** @throws CliError (2) when it is no whole number. */
export function wholeFlag(flags: Flags, name: string): number | undefined {
  const text = textFlag(flags, name);
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new CliError(`--${name} takes a whole number; "${text}" is none.`, 2);
  return Number(text);
}

/** Columns as wide as their widest cell. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd());
}
