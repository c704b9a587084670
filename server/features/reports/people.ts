/** Who is named to whom: docs/decisions/0005-who-sees-whose-pace.md and 0015-names-in-reports.md. */
import type { Report, ReportAgreement } from '#core/api/report.ts';
import type { PrismaClient } from '#prisma';
import { atLeast, type ProjectRole } from '../../access.ts';
import type { Person } from '../../context.ts';
import type { PersonWork, StoredAgreement } from '../iterations/index.ts';

export interface Reader { person: Pick<Person, 'id'>; role: ProjectRole }
const SOMEBODY = 'somebody not named';

interface Known { name: string; named: boolean }

async function look(db: PrismaClient, ids: readonly string[]): Promise<(id: string) => Known> {
  const rows = await db.user.findMany({ where: { id: { in: [...ids] } }, select: { id: true, name: true, namedInReports: true } });
  const byId = new Map(rows.map((r) => [r.id, { name: r.name, named: r.namedInReports }]));
  return (id) => byId.get(id) ?? { name: 'somebody who has left', named: true };
}

/** Reviewers see everybody who lets themselves be named; each person sees their own figures. The others are counted. */
export async function showPeople(db: PrismaClient, work: readonly PersonWork[], { person, role }: Reader): Promise<Pick<Report, 'people' | 'others'>> {
  const of = await look(db, work.map((w) => w.id));
  const shown = work.filter((w) => w.id === person.id || (atLeast(role, 'reviewer') && of(w.id).named));
  const others = work.filter((w) => !shown.includes(w));
  return { people: shown.map((w) => ({ ...w, name: of(w.id).name })), others: { people: others.length, unnamed: others.filter((w) => !of(w.id).named).length } };
}

/** Pairs: for reviewers where both are named; for everybody those that they are half of. */
export async function showAgreement(db: PrismaClient, agreement: StoredAgreement | null, { person, role }: Reader): Promise<ReportAgreement | null> {
  if (agreement === null) return null;
  const of = await look(db, agreement.pairs.flatMap((p) => [p.first.id, p.second.id]));
  const pairs = agreement.pairs.filter(({ first, second }) => [first.id, second.id].includes(person.id) || (atLeast(role, 'reviewer') && of(first.id).named && of(second.id).named));
  const name = (id: string): string => (id === person.id || of(id).named ? of(id).name : SOMEBODY);
  return { ...agreement, pairs: pairs.map(({ first, second, ...figures }) => ({ ...figures, first: name(first.id), second: name(second.id) })) };
}
