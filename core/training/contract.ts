import { TrainerEvent } from './events.ts';
import { RunSpec } from './runSpec.ts';

/** The JSON Schemas (draft 2020-12) of what crosses to the trainer and back: file name → text, as they lie in workers/trainer/contract. */
export function contractFiles(): Record<string, string> {
  const file = (title: string, schema: object): string => `${JSON.stringify({ $schema: 'https://json-schema.org/draft/2020-12/schema', title, ...schema }, null, 2)}\n`;
  return { 'run-spec.schema.json': file('RunSpec', RunSpec), 'event.schema.json': file('TrainerEvent', TrainerEvent) };
}
