import type { ImportProblem } from '#core/api/import.ts';

/** As many as a screen can show; the counts have all. */
const LISTED = 1000;

/** Collects problems by file and line. Errors are listed before warnings when there are too many. */
export class Problems {
  readonly #all: ImportProblem[] = [];
  readonly counts: Record<string, number> = {};

  add(level: 'error' | 'warning', code: string, file: string, message: string, line: number | null = null): void {
    this.counts[code] = (this.counts[code] ?? 0) + 1;
    // One kind must not crowd out the others.
    if ((this.counts[code] ?? 0) <= LISTED) this.#all.push({ level, code, file, line, message });
  }

  get listed(): ImportProblem[] {
    const errors = this.#all.filter((p) => p.level === 'error');
    const warnings = this.#all.filter((p) => p.level === 'warning');
    return [...errors, ...warnings].slice(0, LISTED);
  }
}
