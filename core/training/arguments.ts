import type { TrainerArgument } from '#core/api/run.ts';

/** Why the trainer would not take this value, in words; null = it would. */
export function argumentProblem(list: readonly TrainerArgument[], name: string, value: boolean | number | string): string | null {
  const found = list.find((argument) => argument.name === name);
  if (!found) {
    const near = list.filter((a) => a.name.includes(name) || name.includes(a.name)).map((a) => a.name).slice(0, 5);
    return `The trainer has no argument “${name}”${near.length ? `; similar: ${near.join(', ')}` : ''}.`;
  }
  const said = wants(found);
  return fits(found, value) ? null : `“${name}” takes ${said}, not ${JSON.stringify(value)}.`;
}

function fits({ kind, minimum, choices }: TrainerArgument, value: boolean | number | string): boolean {
  switch (kind) {
    case 'boolean': return typeof value === 'boolean';
    case 'choice': return typeof value === 'string' && (choices ?? []).includes(value);
    case 'integer': return typeof value === 'number' && Number.isSafeInteger(value) && value >= (minimum ?? 0);
    case 'fraction': return typeof value === 'number' && value >= 0 && value <= 1;
    case 'number': return typeof value === 'number' && Number.isFinite(value);
  }
}

/** What an argument takes, for a label or a refusal. */
export function wants({ kind, minimum, choices }: TrainerArgument): string {
  switch (kind) {
    case 'boolean': return 'true or false';
    case 'choice': return (choices ?? []).join(', ');
    case 'integer': return `a whole number from ${minimum ?? 0}`;
    case 'fraction': return 'a number from 0 to 1';
    case 'number': return 'a number';
  }
}

/**
 * `name=value` pairs, as on the trainer's own command line, divided by spaces, commas or lines. `problem` names the first that cannot be read; what the names and values mean is
 * for argumentProblem to say.
 */
export function parseArguments(text: string): { extra: Record<string, boolean | number | string>; problem: string | null } {
  const extra: Record<string, boolean | number | string> = {};
  for (const word of text.split(/[\s,]+/).filter((w) => w !== '')) {
    const match = /^([a-z][a-z0-9_]{0,39})=([^=]{1,60})$/.exec(word);
    const [, name, value] = match ?? [];
    if (name === undefined || value === undefined) return { extra, problem: `“${word.slice(0, 40)}” is not of the form name=value.` };
    extra[name] = /^(true|false)$/i.test(value) ? value.toLowerCase() === 'true' : value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : value;
  }
  return { extra, problem: null };
}

export function writeArguments(extra: Readonly<Record<string, boolean | number | string>>): string {
  return Object.entries(extra).map(([name, value]) => `${name}=${value}`).join(' ');
}
