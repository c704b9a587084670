import { resolve } from 'node:path';
import { Type } from 'typebox';
import { ReportRow, ReportTable } from '#core/api/report.ts';
import { Value } from 'typebox/value';
import { score } from '#core/words.ts';
import { CliError, table, textFlag, wholeFlag, type Command } from '../command.ts';

const FORMATS = ['html', 'json', 'csv'] as const;

export const report: Command = {
  name: 'report', usage: '', summary: 'What an iteration brought: as a line per iteration, or one of them as a file',
  options: { project: { type: 'string' }, iteration: { type: 'string' }, format: { type: 'string' }, table: { type: 'string' }, out: { type: 'string', short: 'o' } },
  help: [
    ['--project NAME', 'id or name; may be left out where there is one'], ['--iteration N', 'the newest when left out'], ['--format html|json|csv', 'write a file; without it, all iterations are listed'],
    ['--table NAME', `of CSV: ${ReportTable.enum.join(', ')}`], ['-o, --out FILE', 'the file; report-N.html'],
  ],
  async run(call) {
    const api = call.api();
    const [format, name] = [textFlag(call.flags, 'format'), textFlag(call.flags, 'table')];
    if (format !== undefined && !FORMATS.some((f) => f === format)) throw new CliError(`--format is ${FORMATS.join(', ')}.`, 2);
    if (name !== undefined && (format !== 'csv' || !Value.Check(ReportTable, name))) throw new CliError(`--table goes with --format csv and is one of ${ReportTable.enum.join(', ')}.`, 2);
    const wanted = wholeFlag(call.flags, 'iteration');
    const project = await api.project(textFlag(call.flags, 'project'));
    const rows = await api.get(Type.Array(ReportRow), `/projects/${project.id}/reports`);
    if (format === undefined) return { json: rows, lines: list(rows.filter((r) => wanted === undefined || r.iteration === wanted)) };
    const number = wanted ?? rows.at(-1)?.iteration ?? 1;
    const file = resolve(call.cwd, textFlag(call.flags, 'out') ?? `report-${number}${name === undefined ? '' : `-${name}`}.${format}`);
    await api.download(`/projects/${project.id}/reports/${number}/report.${format}${name === undefined ? '' : `?table=${name}`}`, file);
    return { json: { file }, lines: [`Written to ${file}`] };
  },
};

function list(rows: readonly ReportRow[]): string[] {
  if (rows.length === 0) return ['There is no such iteration.'];
  const number = (value: number | null): string => (value === null ? '–' : value.toFixed(1));
  return table([
    ['iteration', 'model', 'mAP50-95', 'after', 'pictures', 'corrections', 'kept', 's/picture', 's/correction'],
    ...rows.map((r) => [`${r.iteration}${r.endedAt === null ? ' (goes on)' : ''}`, r.oldModel ? `${r.oldModel.number} ${r.oldModel.name}` : '–', score(r.mapBefore), score(r.mapAfter), String(r.images), String(r.corrections), r.keptShare === null ? '–' : `${score(r.keptShare)} %`, number(r.secondsPerImage), number(r.secondsPerCorrection)]),
  ]);
}
