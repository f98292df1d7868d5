import type { EntityName, IncidentStory, StoryEvent } from './queries.js';

/** Kinds that pods belong to, as far as events name them by `workload`. */
const workloads = ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob', 'ReplicationController'];

/**
 * Whom a story means by an event: the workload that the incident names rather than a container of one of its pods, whose names nobody
 * remembers; else what the event is about.
 */
export function unitsOf({ affected }: Pick<IncidentStory, 'affected'>): (event: StoryEvent) => EntityName {
  const byName = new Map<string, EntityName>();
  for (const { entity } of affected)
    if (workloads.includes(entity.kind)) byName.set(`${entity.namespace ?? ''}/${entity.name}`, entity);
  return ({ entity, workload }) =>
    (workload === null ? undefined : byName.get(`${entity.namespace ?? ''}/${workload}`)) ?? entity;
}
