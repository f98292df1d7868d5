import { entityRef, type EntityRef } from '../../src/model/entity.js';
import type { EntityFinding } from '../../src/model/finding.js';
import type { RawEvent } from '../../src/model/raw-event.js';
import type { K8sContext } from '../../src/model/unified-event.js';
import { containerRef, locate, type TransformContext } from './context.js';

/** Where telemetry comes from, in the inventory's terms. */
export interface TelemetryPlace {
  readonly entity: EntityRef;
  readonly k8s: K8sContext;
  /** As its peers call it: service.name, else the workload's name, else the entity's. */
  readonly service: string;
}

export interface SeenPlace {
  readonly place: TelemetryPlace;
  /** What has to be said of the place before anything else is; [] but for its first sight. */
  readonly introduced: readonly EntityFinding[];
}

/**
 * The thing that telemetry is about, by its resource: the pod when it is known, else the workload, else the service, else the node. A pod
 * that no Kubernetes object has told of becomes an entity of its own, a part of its workload or service.
 */
export interface TelemetryPlaces {
  of(metadata: RawEvent['metadata'], at: string): SeenPlace;
}

/** Places remembered; one that was forgotten is introduced again. */
const maxPlaces = 20_000;

export function createTelemetryPlaces(context: TransformContext): TelemetryPlaces {
  const { cluster } = context;
  const known = new Map<string, TelemetryPlace>();

  function placeOf(metadata: RawEvent['metadata']): TelemetryPlace {
    const { entity: found, k8s } = locate(context, metadata);
    const { service, workload, workloadKind } = metadata;
    const outside = found.kind === 'Node' || found.kind === 'Cluster';
    let entity = found;
    if (k8s.namespace !== null && k8s.pod !== null)
      entity = entityRef(cluster, 'Pod', k8s.namespace, k8s.pod, k8s.podUid);
    else if (outside && workload !== undefined)
      entity = entityRef(cluster, workloadKind ?? 'Deployment', null, workload);
    else if (outside && service !== undefined) entity = entityRef(cluster, 'Service', null, service);
    return { entity, k8s, service: service ?? k8s.workload ?? entity.name };
  }

  /** Null when Kubernetes tells of the pod itself. */
  function introduce(entity: EntityRef, metadata: RawEvent['metadata'], at: string): EntityFinding | null {
    for (const pod of context.podsByUid.values())
      if (pod.name === entity.name && pod.namespace === entity.namespace) return null;
    const { workload, workloadKind, service, node, container } = metadata;
    const { namespace } = entity;
    const relations: { type: 'OWNS' | 'RUNS_ON'; from: string; to: string }[] = [];
    if (workload !== undefined)
      relations.push({
        type: 'OWNS',
        from: entityRef(cluster, workloadKind ?? 'Deployment', namespace, workload).id,
        to: entity.id,
      });
    else if (service !== undefined)
      relations.push({ type: 'OWNS', from: entityRef(cluster, 'Service', namespace, service).id, to: entity.id });
    if (container !== undefined && namespace !== null)
      relations.push({
        type: 'OWNS',
        from: entity.id,
        to: containerRef(cluster, namespace, entity.name, container).id,
      });
    if (node !== undefined)
      relations.push({ type: 'RUNS_ON', from: entity.id, to: entityRef(cluster, 'Node', null, node).id });
    return {
      kind: 'entity',
      at,
      entity,
      deleted: false,
      createdAt: null,
      labels: {},
      facts: {},
      selector: null,
      relations,
      problems: [],
    };
  }

  /** What was said of each pod so far, whole: another source may know more of it (its container, its node). */
  const said = new Map<string, EntityFinding>();

  return {
    of(metadata, at) {
      const { namespace, pod, podUid, container, containerId, workload, service, node } = metadata;
      const key = [namespace, pod, podUid, container, containerId, workload, service, node].join('|');
      const seen = known.get(key);
      if (seen) return { place: seen, introduced: [] };
      const place = placeOf(metadata);
      known.set(key, place);
      if (known.size > maxPlaces) known.delete(known.keys().next().value!);
      const news = place.entity.kind === 'Pod' ? introduce(place.entity, metadata, at) : null;
      if (news === null) return { place, introduced: [] };
      const before = said.get(place.entity.id);
      const owner = news.relations.find(({ to }) => to === place.entity.id);
      const relations = [...news.relations];
      for (const relation of before?.relations ?? []) {
        const same = relations.some(
          ({ type, from, to }) => type === relation.type && from === relation.from && to === relation.to,
        );
        // One owner: the first that was told, unless only now the workload is known.
        if (!same && !(owner !== undefined && relation.to === place.entity.id)) relations.push(relation);
      }
      const whole = { ...news, relations };
      said.delete(place.entity.id);
      said.set(place.entity.id, whole);
      if (said.size > maxPlaces) said.delete(said.keys().next().value!);
      return { place, introduced: [whole] };
    },
  };
}
