import { DEFAULT_SHARE } from '#core/dataset/draw.ts';
import type { ImportDto, ImportOptions, ImportPlan } from '#core/api/import.ts';

type Target = ImportPlan['classes'][number]['target'];

/** The answer that the options hold for a question, as the value of its choice; undefined = not answered. */
export function answerOf(question: ImportPlan['questions'][number]['id'], options: ImportOptions): string | undefined {
  if (question === 'rows') return options.rows;
  if (question === 'split') return options.split === 'train' && (options.draw ?? 0) > 0 ? 'draw' : options.split;
  return options.classes ? 'mapped' : undefined;
}

export function withAnswer(question: ImportPlan['questions'][number]['id'], value: string, options: ImportOptions, plan: ImportPlan): ImportOptions {
  if (question === 'rows' && (value === 'detect' || value === 'segment')) return { ...options, rows: value };
  if (question === 'split' && (value === 'train' || value === 'valid' || value === 'test')) return { ...options, split: value, draw: 0 };
  if (question === 'split' && value === 'draw') return { ...options, split: 'train', draw: DEFAULT_SHARE };
  if (question === 'classes') return { ...options, classes: mappingOf(plan) };
  return options;
}

/** The whole mapping as the plan proposes it: sent as one, so that nothing is left to be guessed. */
export function mappingOf(plan: ImportPlan): Record<string, Target> {
  return Object.fromEntries(plan.classes.map((c) => [c.name, c.target]));
}

export function withTarget(name: string, target: Target, options: ImportOptions, plan: ImportPlan): ImportOptions {
  return { ...options, classes: { ...mappingOf(plan), ...options.classes, [name]: target } };
}

/** Why it cannot be applied yet, or null. */
export function hindrance(dto: Pick<ImportDto, 'state' | 'plan' | 'options'>): string | null {
  if (dto.state !== 'planned' || !dto.plan) return 'The plan is not ready yet.';
  const { plan, options } = dto;
  const open = plan.questions.filter((q) => answerOf(q.id, options) === undefined).length;
  if (open > 0) return open === 1 ? 'One question has to be answered first.' : `${open} questions have to be answered first.`;
  if (plan.images.found === plan.images.broken && plan.labels.files === 0) return 'Nothing in these files can be imported; the problems say why.';
  if (plan.images.new === 0 && plan.labels.instances === 0) return 'There is nothing new in these files.';
  return null;
}
