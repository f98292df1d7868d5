import { entityRef, type EntityRef } from '../../src/model/entity.js';
import type { KubernetesObject } from '../../src/model/payloads.js';
import type { RawEvent } from '../../src/model/raw-event.js';
import type { K8sContext } from '../../src/model/unified-event.js';
import type { ScalingMemory } from './kubernetes/autoscaling.js';
import type { Draft } from './draft.js';
import type { PullFailure } from './kubernetes/image-pull.js';
import { bareContainerId } from './kubernetes/kubernetes-objects.js';
import type { ObjectFlood } from './kubernetes/object-counts.js';
import type { NodeShape } from './kubernetes/node-fit.js';
import type { VolumeShape } from './kubernetes/volume-fit.js';
import type { Probes } from './kubernetes/probe-mistakes.js';

/**
 * What the transform stage remembers of the cluster between events: only what an event alone does not say. One small record for
 * each live pod, owner and service; objects that are gone are forgotten ten minutes of event time later.
 */
export interface TransformContext {
  readonly cluster: string;
  readonly podsByUid: Map<string, PodMemory>;
  /** Bare container id → where it runs. */
  readonly containers: Map<string, { readonly pod: PodMemory; readonly container: string }>;
  /** Controller of a ReplicaSet or Job, by the uid of that object. */
  readonly owners: Map<string, WorkloadName>;
  /** Ready and known endpoints, by Service entity id, then EndpointSlice name. */
  readonly endpoints: Map<string, Map<string, SliceCount>>;
  /** Admission webhook name → the configuration that holds it. */
  readonly webhooks: Map<string, EntityRef>;
  readonly namespaces: Set<string>;
  /** Objects made lately, by kind and namespace. */
  readonly floods: Map<string, ObjectFlood>;
  /** Minor versions of the API servers that run as pods, by pod. */
  readonly apiServers: Map<string, number>;
  /** The nodes there are, by name. */
  readonly nodes: Map<string, NodeShape>;
  /** PersistentVolumes, by name: why a claim gets none is in what they are. */
  readonly volumes: Map<string, VolumeShape>;
  /** Cordoned nodes, and disruption budgets by entity id: a drain is where they meet. */
  readonly cordoned: Set<string>;
  readonly budgets: Set<string>;
  /** What Kubernetes Events said last about an object whose status has no reason of its own (a pending claim), by uid. */
  readonly reasons: Map<string, { readonly reason: string; readonly message: string; readonly at: string }>;
  /** Of autoscalers, by entity id. */
  readonly scaling: Map<string, ScalingMemory>;
  /** How often the vertical autoscaler has evicted a workload's pods over, by `namespace/Kind/name`. */
  readonly verticalEvictions: Map<string, { rounds: number; sinceMs: number }>;
  /** What each workload selects and makes, by entity id, for those that get in each other's way. */
  readonly selectors: Map<string, WorkloadSelector>;
  /** Pods that a workload's controller has made and deleted lately, by its entity id. */
  readonly churn: Map<string, { created: number; deleted: number; readonly sinceMs: number }>;
  /** The newest edits, by entity id and path: who made it, and what was there before. Bounded. */
  readonly edits: Map<string, { readonly by: string; readonly from: string | null; readonly atMs: number }>;
  /** Names of CustomResourceDefinitions by `Kind.group`. */
  readonly definitions: Map<string, string>;
  /** Kinds, as `Kind.group`, of which an object was seen whose controller had taken up a change. */
  readonly keepUp: Set<string>;
  /** Which image a tag stood for when pods of a workload's revision ran it first, by workload, revision, container and image. */
  readonly digests: Map<string, string>;
  /** Newest observation of objects that are interpreted again when something else changes, by entity id. */
  readonly latest: Map<string, RawEvent>;
}

export interface WorkloadSelector {
  readonly namespace: string | null;
  readonly kind: string;
  readonly name: string;
  readonly selector: Readonly<Record<string, string>>;
  /** Labels of the pods that it makes. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface WorkloadName {
  readonly kind: string;
  readonly name: string;
}

export interface SliceCount {
  readonly ready: number;
  readonly total: number;
}

export interface PodMemory {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly createdMs: number;
  node: string | null;
  workload: WorkloadName | null;
  everReady: boolean;
  terminating: boolean;
  /** Its end (Failed, Succeeded, evicted) was reported. */
  finished: boolean;
  disrupted: boolean;
  /** When it ceased to be ready of late, epoch ms: several times is flapping. */
  readyLostMs: readonly number[];
  ready: boolean;
  labels: Readonly<Record<string, string>>;
  /** Where its containers have which claims. */
  mounts: readonly { readonly container: string; readonly path: string; readonly claim: string }[];
  /** What Kubernetes Events said keeps its containers from being created, by volume or sandbox: its status has no place for it. */
  readonly setbacks: Map<string, Draft>;
  readonly containers: Map<string, ContainerMemory>;
}

export interface ContainerMemory {
  restartCount: number;
  containerId: string | null;
  image: string | null;
  /** Declared container ports; a probe of another port is worth a word. */
  ports: readonly number[];
  probes: Probes;
  memoryLimitBytes: number | null;
  /** Event time of the newest liveness or startup probe failure, so that the exit that follows is told from a program's own. */
  probeFailedMs: number | null;
  /** What the newest readiness probe failure said. */
  readinessFailure: Draft | null;
  /** Why the newest image pull failed: the back-off that follows does not repeat it. */
  pull: PullFailure | null;
  /** A pull secret that its pod names and that is not there. */
  pullSecret: string | null;
  /** The newest error line of the container: what it said before it died. `grave`: it names what happened, as no frame of a stack trace does. */
  lastWords: { readonly text: string; readonly at: string; readonly grave: boolean } | null;
  /** Container id of the newest end that was reported, so that none is reported twice. */
  reportedEnd: string | null;
  /** The newest long runs that ended at the memory limit. */
  oomRuns: readonly { readonly id: string; readonly ranMs: number }[];
}

export function createContext(cluster: string): TransformContext {
  return {
    cluster,
    podsByUid: new Map(),
    containers: new Map(),
    owners: new Map(),
    endpoints: new Map(),
    webhooks: new Map(),
    namespaces: new Set(),
    floods: new Map(),
    apiServers: new Map(),
    nodes: new Map(),
    volumes: new Map(),
    cordoned: new Set(),
    budgets: new Set(),
    reasons: new Map(),
    digests: new Map(),
    scaling: new Map(),
    verticalEvictions: new Map(),
    selectors: new Map(),
    churn: new Map(),
    edits: new Map(),
    definitions: new Map(),
    keepUp: new Set(),
    latest: new Map(),
  };
}

export function noContext(cluster: string): K8sContext {
  return {
    cluster,
    node: null,
    namespace: null,
    pod: null,
    podUid: null,
    container: null,
    containerId: null,
    workload: null,
    service: null,
  };
}

/** The controller of a pod as people name it: the Deployment behind the ReplicaSet, the CronJob behind the Job. */
export function workloadOf(context: TransformContext, metadata: KubernetesObject['metadata']): WorkloadName | null {
  const owner =
    (metadata.ownerReferences ?? []).find((reference) => reference.controller) ?? metadata.ownerReferences?.[0];
  if (!owner || owner.kind === 'Node') return null;
  const above = context.owners.get(owner.uid);
  if (above) return above;
  const hash = metadata.labels?.['pod-template-hash'];
  if (owner.kind === 'ReplicaSet' && hash && owner.name.endsWith(`-${hash}`)) {
    return { kind: 'Deployment', name: owner.name.slice(0, -hash.length - 1) };
  }
  return { kind: owner.kind, name: owner.name };
}

export function podContext(cluster: string, pod: PodMemory, container: string | null = null): K8sContext {
  return {
    cluster,
    node: pod.node,
    namespace: pod.namespace,
    pod: pod.name,
    podUid: pod.uid,
    container,
    containerId: (container !== null ? pod.containers.get(container)?.containerId : null) ?? null,
    workload: pod.workload?.name ?? null,
    service: null,
  };
}

export function containerRef(cluster: string, namespace: string, pod: string, container: string): EntityRef {
  return entityRef(cluster, 'Container', namespace, `${pod}/${container}`);
}

/** Where something seen belongs: by its container id or pod uid when they are known here, else by its metadata, the narrowest first. */
export function locate(
  context: TransformContext,
  metadata: RawEvent['metadata'],
): { readonly entity: EntityRef; readonly k8s: K8sContext; readonly pod: PodMemory | null } {
  const { cluster } = context;
  const containerId = bareContainerId(metadata.containerId);
  const known = containerId !== null ? context.containers.get(containerId) : undefined;
  const pod =
    known?.pod ?? (metadata.podUid !== undefined ? context.podsByUid.get(metadata.podUid) : undefined) ?? null;
  const namespace = pod?.namespace ?? metadata.namespace ?? null;
  const podName = pod?.name ?? metadata.pod ?? null;
  const container = known?.container ?? metadata.container ?? null;
  const k8s: K8sContext = {
    cluster,
    node: metadata.node ?? pod?.node ?? null,
    namespace,
    pod: podName,
    podUid: pod?.uid ?? metadata.podUid ?? null,
    container,
    containerId,
    workload: pod?.workload?.name ?? metadata.workload ?? null,
    service: metadata.service ?? null,
  };
  let entity: EntityRef;
  if (namespace !== null && podName !== null && container !== null)
    entity = containerRef(cluster, namespace, podName, container);
  else if (namespace !== null && podName !== null) entity = entityRef(cluster, 'Pod', namespace, podName, k8s.podUid);
  else if (namespace !== null && metadata.workload !== undefined)
    entity = entityRef(cluster, metadata.workloadKind ?? 'Deployment', namespace, metadata.workload);
  else if (namespace !== null && metadata.service !== undefined)
    entity = entityRef(cluster, 'Service', namespace, metadata.service);
  else if (k8s.node !== null) entity = entityRef(cluster, 'Node', null, k8s.node);
  else entity = entityRef(cluster, 'Cluster', null, cluster);
  return { entity, k8s, pod };
}
