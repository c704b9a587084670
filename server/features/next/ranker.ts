import { join } from 'node:path';
import { Piscina } from 'piscina';
import type { Ranking, RankRequest } from './rank.worker.ts';

interface Round {
  under: Promise<Ranking>;
  /** Asked for while one is under way: begins after it, since that one may have read too early. */
  after: Promise<Ranking> | null;
}

/** One thread that ranks one project after the other; requests for one project that wait become one. */
export class Ranker {
  readonly #rounds = new Map<string, Round>();
  readonly #parts: Omit<RankRequest, 'projectId'>;
  // The thread begins with the first request and stays: a request that came while an idle one was just ending was seen to wait for ever.
  readonly #pool = new Piscina<RankRequest, Ranking>({ filename: join(import.meta.dirname, 'rank.worker.ts'), minThreads: 0, maxThreads: 1, idleTimeout: Infinity });

  constructor(parts: Omit<RankRequest, 'projectId'>) {
    this.#parts = parts;
  }

  /** Resolves when a ranking that began after this call is written. */
  rank(projectId: string): Promise<Ranking> {
    const round = this.#rounds.get(projectId);
    if (!round) return this.#begin(projectId);
    round.after ??= round.under.then(() => this.#begin(projectId), () => this.#begin(projectId));
    return round.after;
  }

  /** Whatever is under way ends unfinished: what it has written stays, and the rest keeps its former places. */
  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  #begin(projectId: string): Promise<Ranking> {
    const under = this.#pool.run({ ...this.#parts, projectId });
    const round: Round = { under, after: null };
    this.#rounds.set(projectId, round);
    const end = (): void => { if (this.#rounds.get(projectId) === round && round.after === null) this.#rounds.delete(projectId); };
    under.then(end, end);
    return under;
  }
}
