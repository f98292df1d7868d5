/** A thing that can break: a Kubernetes object, or a virtual one (Container, ExternalEndpoint, Registry, ClusterDns). */
export interface EntityRef {
  /** `<cluster>/<namespace or _>/<Kind>/<name>`; stable over re-creation, so that a person can type it. See {@link entityId}. */
  readonly id: string;
  readonly cluster: string;
  readonly kind: string;
  readonly namespace: string | null;
  /** A Container is named `<pod>/<container>`. */
  readonly name: string;
  readonly uid: string | null;
}

export function entityId(cluster: string, kind: string, namespace: string | null, name: string): string {
  return `${cluster}/${namespace ?? '_'}/${kind}/${name}`;
}

export function entityRef(
  cluster: string,
  kind: string,
  namespace: string | null,
  name: string,
  uid: string | null = null,
): EntityRef {
  return { id: entityId(cluster, kind, namespace, name), cluster, kind, namespace, name, uid };
}

/** `Kind/namespace/name`, or `Kind/name` for what has no namespace: how people and the lab write an entity. */
export function entityTitle(entity: Pick<EntityRef, 'kind' | 'namespace' | 'name'>): string {
  return [entity.kind, entity.namespace, entity.name].filter((part) => part !== null).join('/');
}

/** Topology relations, all directed. Reading aloud from → to gives a sentence. */
export const relationTypes = [
  'OWNS', // Deployment → ReplicaSet → Pod; Pod → Container; CronJob → Job
  'RUNS_ON', // Pod → Node
  'SELECTS', // Service, PodDisruptionBudget, NetworkPolicy → Pod
  'MOUNTS', // Pod → PersistentVolumeClaim
  'BOUND_TO', // PersistentVolumeClaim → PersistentVolume, StorageClass
  'ROUTES_TO', // Ingress, Gateway route → Service
  'CALLS', // workload → Service or ExternalEndpoint
  'USES', // Pod or workload → ConfigMap, Secret, ServiceAccount, PriorityClass, Registry, ClusterDns
  'SCALES', // HorizontalPodAutoscaler → workload
  'LIMITS', // ResourceQuota, LimitRange, admission webhook → Namespace
] as const;
export type RelationType = (typeof relationTypes)[number];

export interface Relation {
  readonly type: RelationType;
  /** Entity ids. */
  readonly from: string;
  readonly to: string;
}
