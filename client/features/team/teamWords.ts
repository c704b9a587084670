/** Figures of the Team screen in words. Pure. */
import type { AgreementDto, Team } from '#core/api/team.ts';
import { counted, duration, percent } from '../../ui/words.ts';

/** "about 2 h 10 min left", or honestly why nobody can say. */
export function timeLeftWords(team: Pick<Team, 'open' | 'secondsLeft' | 'lastHour'>): string {
  if (team.open === 0) return 'nothing is left to do';
  if (team.secondsLeft !== null) return `about ${roughly(team.secondsLeft)} left at this pace`;
  return team.lastHour === 0 ? 'time left unknown: nobody has submitted in the last hour' : 'time left unknown: too little was submitted lately';
}

/** No false precision: to 5 minutes from half an hour on. */
function roughly(seconds: number): string {
  const grain = seconds >= 1800 ? 300 : 60;
  return duration(Math.max(grain, Math.round(seconds / grain) * grain));
}

export function paceWords(perHour: number | null): string {
  return perHour === null ? '–' : `${Math.round(perHour)} / h`;
}

export function overlapWords({ overlap }: Pick<Team, 'overlap'>): string {
  if (overlap.images === 0) return overlap.share === 0 ? 'off' : 'none yet';
  return `${overlap.done} of ${counted(overlap.images, 'image')}`;
}

/** The headline of how people agree, by Landis and Koch's bands (1977) for kappa, or by what both found where kappa says nothing. */
export function agreementWords({ found, kappa }: AgreementDto['total']): string {
  if (found === null) return 'nothing to compare yet';
  if (kappa === null) return `${percent(found, 1)} of the objects marked by both`;
  const band = kappa > 0.8 ? 'almost perfect' : kappa > 0.6 ? 'substantial' : kappa > 0.4 ? 'moderate' : kappa > 0.2 ? 'fair' : kappa > 0 ? 'slight' : 'no better than chance';
  return `κ ${kappa.toFixed(2)}: ${band}`;
}
