import { inject, onScopeDispose, provide, ref, type InjectionKey, type Ref } from 'vue';
import type { JobDto } from '#core/api/job.ts';
import type { Loop, ProjectDto } from '#core/api/project.ts';
import type { ProjectEvent } from '#core/protocol.ts';
import { useProjectEvents } from '../../sync/socket.ts';
import { useResource, type Resource } from '../../ui/resource.ts';
import { fetchJobs, fetchLoop, fetchProject } from './api.ts';
import { atLeast, type RoleName } from './roles.ts';
import { provideFaces } from './faces.ts';
import { isLive, patchJobs } from './jobs.ts';

/** What every page of one project shares: the project, its loop, its jobs, who is there, and the events as they come. */
export interface ProjectContext {
  id: string;
  project: Resource<ProjectDto>;
  loop: Resource<Loop>;
  jobs: Resource<JobDto[]>;
  online: Ref<readonly { id: string; name: string }[]>;
  /** Whether the person may do what needs this role. */
  can: (role: RoleName) => boolean;
  /** Hears every event until the calling component goes; `missed` after a time offline, whose events are gone. */
  on: (listener: (event: ProjectEvent) => void, missed?: () => void) => void;
}
const PROJECT: InjectionKey<ProjectContext> = Symbol('project');

export function provideProject(id: string): ProjectContext {
  const project = useResource(() => id, fetchProject);
  const loop = useResource(() => id, fetchLoop);
  const jobs = useResource(() => id, fetchJobs);
  provideFaces(() => id);
  const online = ref<readonly { id: string; name: string }[]>([]);
  const listeners = new Set<(event: ProjectEvent) => void>();
  const catchUps = new Set<() => void>();

  /** The server says who is here as soon as it passes events on; whatever was fetched before may have missed one. */
  let hearing = false;
  function catchUp(): void {
    for (const shared of [project, loop, jobs]) shared.refetchSoon();
    for (const each of catchUps) each();
  }
  useProjectEvents(id, (event) => {
    if (event.type === 'job') jobs.data.value = patchJobs(jobs.data.value ?? [], event.job);
    // An answer that is still on its way may tell of the job as it was before its end.
    if (event.type === 'job' && !isLive(event.job)) jobs.refetchSoon();
    if (event.type === 'online') {
      online.value = event.people;
      if (!hearing) catchUp();
      hearing = true;
    }
    if (event.type === 'project') project.refetchSoon();
    if (changesLoop(event)) loop.refetchSoon();
    for (const listener of listeners) listener(event);
  }, () => {
    hearing = false;
    catchUp();
  });

  const context: ProjectContext = {
    id, project, loop, jobs, online,
    can: (role) => atLeast(project.data.value?.role ?? 'viewer', role),
    on(listener, missed) {
      listeners.add(listener);
      if (missed) catchUps.add(missed);
      onScopeDispose(() => {
        listeners.delete(listener);
        if (missed) catchUps.delete(missed);
      });
    },
  };
  provide(PROJECT, context);
  return context;
}

export function useProject(): ProjectContext {
  const context = inject(PROJECT);
  if (!context) throw new Error('This component must be inside a project page.');
  return context;
}

function changesLoop(event: ProjectEvent): boolean {
  switch (event.type) {
    case 'loop': case 'task': case 'images': case 'version': case 'model': case 'run': case 'epoch': return true;
    case 'job': return event.job.state !== 'running';
    default: return false;
  }
}
