import { entityRef } from '../../../src/model/entity.js';
import type { TransformContext } from '../context.js';
import type { Draft } from '../draft.js';
import type { Observed } from '../interpretation.js';
import { duration } from '../wording.js';

/** Kinds whose number follows from what runs: they come and go by the hundred, and nobody leaks them by themselves. */
const ofTheMoment = new Set([
  'Pod',
  'ReplicaSet',
  'EndpointSlice',
  'Endpoints',
  'Event',
  'Lease',
  'ControllerRevision',
  'Node',
  'CSINode',
  'CSIStorageCapacity',
  'PersistentVolume',
  'VolumeAttachment',
  'CertificateSigningRequest',
]);
/** So many more of one kind in one namespace within so long: a person's release makes dozens, a leak has no end. */
const floodObjects = 300;
const floodWindowMs = 10 * 60_000;
/** It is told again with each further so many. */
const tellEvery = 100;

export interface ObjectFlood {
  made: number;
  told: number;
  sinceMs: number;
  since: string;
  /** Who made them: an owner by `Kind/name`, else the field manager. */
  readonly makers: Map<string, number>;
}

/** Objects that are made and not removed again, by kind and namespace: told of their common owner, else of the namespace. */
export function floodOf(
  { object, entity, k8s, action, at, atMs, changedBy }: Observed,
  context: TransformContext,
): Draft[] {
  if (ofTheMoment.has(entity.kind) || (action !== 'ADDED' && action !== 'DELETED')) return [];
  const key = `${entity.kind} ${entity.namespace ?? ''}`;
  let flood = context.floods.get(key);
  if (!flood || atMs - flood.sinceMs > floodWindowMs) {
    if (action === 'DELETED') return [];
    context.floods.set(key, (flood = { made: 0, told: 0, sinceMs: atMs, since: at, makers: new Map() }));
  }
  if (action === 'DELETED') {
    flood.made -= 1;
    return [];
  }
  flood.made += 1;
  const owner = (object.metadata.ownerReferences ?? []).find(({ controller }) => controller);
  const maker = owner ? `${owner.kind}/${owner.name}` : (changedBy ?? '');
  flood.makers.set(maker, (flood.makers.get(maker) ?? 0) + 1);
  if (flood.made < floodObjects || flood.made < flood.told + tellEvery) return [];
  flood.told = flood.made;
  const [creator = '', by = 0] = [...flood.makers].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0] ?? [];
  const [kind, name] = creator.split('/');
  const owned = name !== undefined && by > flood.made / 2;
  return [
    {
      category: 'object.flood',
      entity: owned
        ? entityRef(context.cluster, kind!, entity.namespace, name)
        : entity.namespace === null
          ? entityRef(context.cluster, 'Cluster', null, context.cluster)
          : entityRef(context.cluster, 'Namespace', null, entity.namespace),
      context: k8s,
      discriminator: key,
      startedAt: flood.since,
      lastSeen: at,
      message: `${flood.made} objects of kind ${entity.kind}${entity.namespace === null ? '' : ` in namespace ${entity.namespace}`} were made within ${duration(atMs - flood.sinceMs)}${creator === '' ? '' : `, most of them by ${creator}`}.`,
      count: flood.made,
      attributes: { objectKind: entity.kind, objects: flood.made, creator: creator || null },
    },
  ];
}
