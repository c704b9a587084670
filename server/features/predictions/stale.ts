/** Predictions that a promotion has left behind: a crash came between it and the order to predict, or somebody had the task in hand. */
import type { PrismaClient } from '#prisma';

/**
 * Open tasks that nobody has in hand or has edited, whose predictions are of another model than the project's current one, by project. `task`: only this one.
 * As `waitingImages`, what somebody has labelled is left in peace. `missing`: also tasks without any predictions.
 */
export async function staleTasks(db: PrismaClient, { task = null, missing = false }: { task?: string | null; missing?: boolean } = {}): Promise<Map<string, string[]>> {
  const rows = await db.$queryRaw<{ id: string; projectId: string }[]>`
    SELECT t.id, t."projectId" FROM "Task" t
      JOIN "Project" p ON p.id = t."projectId" AND p."currentModelId" IS NOT NULL
      JOIN "Image" i ON i.id = t."imageId" AND NOT i.excluded
      LEFT JOIN "PredictionSet" s ON s.id = t."predictionSetId"
    WHERE t.state IN ('pending', 'assigned') AND (t.state = 'assigned' AND t."leaseUntil" > now() AT TIME ZONE 'UTC') IS NOT TRUE AND NOT t.dirty
      AND (${task}::text IS NULL OR t.id = ${task}) AND (s."modelId" <> p."currentModelId" OR (${missing} AND s.id IS NULL))
      AND NOT EXISTS (SELECT 1 FROM "Revision" r WHERE r."imageId" = i.id) AND NOT EXISTS (SELECT 1 FROM "BaselineLabel" b WHERE b."imageId" = i.id)
    ORDER BY t.id`;
  const byProject = new Map<string, string[]>();
  for (const { id, projectId } of rows) byProject.set(projectId, [...(byProject.get(projectId) ?? []), id]);
  return byProject;
}

/** Asks for predictions where some are left behind. */
export class Stale {
  readonly #db: PrismaClient;
  readonly #request: (projectId: string) => void;
  /** Project → what was left behind when it was last asked for: what the model cannot read stays so, and is not asked for again and again. */
  readonly #asked = new Map<string, string>();

  constructor(db: PrismaClient, request: (projectId: string) => void) {
    this.#db = db;
    this.#request = request;
  }

  /** At the start, and now and then. */
  async look(options: { missing?: boolean } = {}): Promise<void> {
    for (const [projectId, tasks] of await staleTasks(this.#db, options)) {
      const { currentModelId } = await this.#db.project.findUniqueOrThrow({ where: { id: projectId }, select: { currentModelId: true } });
      const key = [currentModelId, ...tasks].join(' ');
      if (this.#asked.get(projectId) === key) continue;
      this.#asked.set(projectId, key);
      this.#request(projectId);
    }
  }

  /** Somebody has given a task back. */
  async freed(projectId: string, task: string): Promise<void> {
    if ((await staleTasks(this.#db, { task })).size > 0) this.#request(projectId);
  }
}
