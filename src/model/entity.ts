/** A thing that can break: a Kubernetes object, or a virtual one (Container, ExternalEndpoint, Registry, ControlPlane, HelmRelease). */
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

/**
 * What an id alone says. A cluster's name may hold slashes (an ARN does) and so does a Container's; namespaces and names are lower case
 * in Kubernetes and Kinds are not, so the first segment in upper case, past the two that have to come before it, is the Kind.
 */
export function entityRefOfId(id: string): EntityRef {
  const parts = id.split('/');
  const kindAt = Math.max(
    2,
    parts.findIndex((part, index) => index >= 2 && /^[A-Z]/.test(part)),
  );
  const namespace = parts[kindAt - 1] ?? '_';
  return {
    id,
    cluster: parts.slice(0, kindAt - 1).join('/'),
    kind: parts[kindAt] ?? '',
    namespace: namespace === '_' ? null : namespace,
    name: parts.slice(kindAt + 1).join('/'),
    uid: null,
  };
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
  'LIMITS', // what refuses, blocks or holds back → who suffers: ResourceQuota → Namespace, Node → workload, ControlPlane → workload
] as const;
export type RelationType = (typeof relationTypes)[number];

export interface Relation {
  readonly type: RelationType;
  /** Entity ids. */
  readonly from: string;
  readonly to: string;
}
