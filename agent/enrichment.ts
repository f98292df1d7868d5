import type { KubernetesObject, KubernetesObservation } from '../src/model/payloads.js';
import type { RawEvent } from '../src/model/raw-event.js';
import { toEpochMs, type Timestamp } from '../src/model/time.js';
import { createRecentMap } from './recent-map.js';

export type Metadata = RawEvent['metadata'];

export interface Enrichment {
  /** Learns from one observation of the kubernetes collector; kinds that do not matter here are ignored. */
  observe(observation: KubernetesObservation): void;
  /**
   * The metadata with what is known added; nothing that is there is changed. `known` is false when it names a pod or container
   * that has not been seen yet, though pods are being watched: the kernel is often faster than the API server.
   */
  complete(metadata: Metadata, at: Timestamp): { readonly metadata: Metadata; readonly known: boolean };
  /** Rises with everything learnt that may complete an event. */
  generation(): number;
}

export interface EnrichmentOptions {
  /** How long a thing is remembered after its deletion: late lines and kernel events still find it. Default 10 minutes. */
  readonly keepDeadMs?: number;
  /** Most pods, and most owners, remembered. Beyond it the least recently used go, dead ones first. Default 20_000. */
  readonly maxEntries?: number;
  /** Epoch ms; tests set it. */
  readonly clock?: () => number;
}

interface Pod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly node: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly controller: Owner | null;
  /** Every run of every container that was seen, the newest last. */
  readonly runs: readonly ContainerRun[];
  /** What the newest observations make of it; of an older generation it is worked out again. */
  derived: { readonly generation: number; readonly workload: Owner | null; readonly service: string | null } | null;
}

interface Owner {
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

interface ContainerRun {
  readonly containerId: string;
  readonly container: string;
  readonly startedMs: number | null;
  readonly finishedMs: number | null;
}

/** Whose controller is what people call the workload. */
const intermediateKinds = new Set(['ReplicaSet', 'Job']);
const runsKeptPerPod = 50;
/** Status times are whole seconds. */
const statusGrainMs = 1_000;

/** Container id → pod → workload → service, from the objects of the cluster, kept for a while after their death. */
export function createEnrichment(options: EnrichmentOptions = {}): Enrichment {
  const { keepDeadMs = 600_000, maxEntries = 20_000, clock = Date.now } = options;
  const bounds = { keepDeadMs, maxEntries, clock };
  const pods = createRecentMap<string, Pod>({ ...bounds, onForget: forgetPod });
  const controllers = createRecentMap<string, Owner | null>(bounds);
  const uidByName = new Map<string, string>();
  /** Static pods: their logs and cgroups carry the hash of the manifest in place of the uid. */
  const uidByConfigHash = new Map<string, string>();
  const uidByContainerId = new Map<string, string>();
  const services = new Map<string, Map<string, Readonly<Record<string, string>>>>();
  let generation = 0;

  function observe({ action, object }: KubernetesObservation): void {
    const gone = action === 'DELETED';
    switch (object.kind) {
      case 'Pod':
        observePod(object, gone);
        break;
      case 'ReplicaSet':
      case 'Job':
        if (object.metadata.uid === undefined) return;
        controllers.set(object.metadata.uid, controllerOf(object));
        if (gone) controllers.bury(object.metadata.uid);
        break;
      case 'Service':
        observeService(object, gone);
        break;
      default:
        return;
    }
    generation += 1;
  }

  function observePod(object: KubernetesObject, gone: boolean): void {
    const { uid, name, namespace, labels, annotations } = object.metadata;
    if (uid === undefined || namespace === undefined) return;
    const spec = object['spec'] as { nodeName?: string } | undefined;
    const before = pods.peek(uid);
    const runs = mergeRuns(before?.runs ?? [], runsOf(object));
    pods.set(uid, {
      uid,
      namespace,
      name,
      node: spec?.nodeName ?? null,
      labels: labels ?? {},
      controller: controllerOf(object),
      runs,
      derived: before?.derived ?? null,
    });
    for (const { containerId } of runs) uidByContainerId.set(containerId, uid);
    const hash = annotations?.['kubernetes.io/config.hash'];
    if (hash !== undefined) uidByConfigHash.set(hash, uid);
    if (gone) pods.bury(uid);
    // A StatefulSet's pod comes again under its name: the living one answers to it.
    if (!gone || !uidByName.has(`${namespace}/${name}`)) uidByName.set(`${namespace}/${name}`, uid);
  }

  function observeService(object: KubernetesObject, gone: boolean): void {
    const { name, namespace } = object.metadata;
    if (namespace === undefined) return;
    const selector = (object['spec'] as { selector?: Readonly<Record<string, string>> } | undefined)?.selector ?? {};
    const known = services.get(namespace) ?? new Map<string, Readonly<Record<string, string>>>();
    if (gone || Object.keys(selector).length === 0) known.delete(name);
    else known.set(name, selector);
    if (known.size === 0) services.delete(namespace);
    else services.set(namespace, known);
  }

  function forgetPod(uid: string, pod: Pod): void {
    for (const { containerId } of pod.runs)
      if (uidByContainerId.get(containerId) === uid) uidByContainerId.delete(containerId);
    const fullName = `${pod.namespace}/${pod.name}`;
    if (uidByName.get(fullName) === uid) uidByName.delete(fullName);
    for (const [hash, of] of uidByConfigHash) if (of === uid) uidByConfigHash.delete(hash);
  }

  function podOf(metadata: Metadata): Pod | null {
    const { containerId, podUid, namespace, pod } = metadata;
    const byContainer = containerId === undefined ? undefined : uidByContainerId.get(containerId);
    const byUid = podUid === undefined ? undefined : (uidByConfigHash.get(podUid) ?? podUid);
    const byName =
      podUid === undefined && containerId === undefined && pod !== undefined
        ? uidByName.get(`${namespace}/${pod}`)
        : undefined;
    for (const uid of [byContainer, byUid, byName]) {
      const found = uid === undefined ? undefined : pods.get(uid);
      if (found) return found;
    }
    return null;
  }

  function derive(pod: Pod): { workload: Owner | null; service: string | null } {
    if (pod.derived?.generation === generation) return pod.derived;
    const workload = workloadOf(pod);
    const selecting = [...(services.get(pod.namespace) ?? [])]
      .filter(([, selector]) => Object.entries(selector).every(([key, value]) => pod.labels[key] === value))
      .map(([name]) => name)
      .sort();
    // A pod that leaves its Service's selector, or outlives the Service, has none; one that died keeps what it had.
    const service = selecting[0] ?? (pods.buried(pod.uid) ? (pod.derived?.service ?? null) : null);
    pod.derived = { generation, workload, service };
    return pod.derived;
  }

  function workloadOf(pod: Pod): Owner | null {
    const { controller } = pod;
    if (controller === null || !intermediateKinds.has(controller.kind)) return controller;
    const above = controllers.get(controller.uid);
    if (above !== undefined) return above ?? controller;
    // The Deployment controller names a ReplicaSet `<deployment>-<pod-template-hash>` and puts the hash on its pods.
    const suffix = `-${pod.labels['pod-template-hash'] ?? ''}`;
    if (controller.kind === 'ReplicaSet' && suffix.length > 1 && controller.name.endsWith(suffix)) {
      return { kind: 'Deployment', name: controller.name.slice(0, -suffix.length), uid: '' };
    }
    return controller;
  }

  return {
    observe,

    complete(metadata, at) {
      const { containerId, podUid, pod: podName } = metadata;
      if (containerId === undefined && podUid === undefined && podName === undefined) return { metadata, known: true };
      const pod = podOf(metadata);
      if (pod === null) return { metadata, known: generation === 0 };
      const run = runOf(pod, metadata, at);
      const { workload, service } = derive(pod);
      const added: Record<string, string | null | undefined> = {
        node: pod.node,
        namespace: pod.namespace,
        pod: pod.name,
        podUid: pod.uid,
        container: run?.container,
        containerId: run?.containerId,
        workload: workload?.name,
        workloadKind: workload?.kind,
        service,
      };
      const learnt = Object.entries(added).filter(([, value]) => typeof value === 'string');
      const completed: Metadata = { ...Object.fromEntries(learnt), ...metadata };
      return { metadata: completed, known: containerId === undefined || completed.container !== undefined };
    },

    generation: () => generation,
  };
}

/** The run that was going on at that moment, of the container the event names; null when it names none or the times do not tell. */
function runOf(pod: Pod, { containerId, container }: Metadata, at: Timestamp): ContainerRun | null {
  if (containerId !== undefined) return pod.runs.find((run) => run.containerId === containerId) ?? null;
  if (container === undefined) return null;
  const atMs = toEpochMs(at);
  const fitting = pod.runs.filter(
    (run) =>
      run.container === container &&
      run.startedMs !== null &&
      run.startedMs <= atMs &&
      (run.finishedMs === null || atMs < run.finishedMs + statusGrainMs),
  );
  return fitting.at(-1) ?? null;
}

function controllerOf(object: KubernetesObject): Owner | null {
  const owner = object.metadata.ownerReferences?.find(({ controller }) => controller === true);
  return owner ? { kind: owner.kind, name: owner.name, uid: owner.uid } : null;
}

interface ContainerStatus {
  readonly name: string;
  readonly containerID?: string;
  readonly state?: ContainerState;
  readonly lastState?: ContainerState;
}

interface ContainerState {
  readonly running?: { readonly startedAt?: string };
  readonly terminated?: { readonly startedAt?: string; readonly finishedAt?: string; readonly containerID?: string };
}

function runsOf(pod: KubernetesObject): ContainerRun[] {
  const status = pod['status'] as Record<string, readonly ContainerStatus[] | undefined> | undefined;
  const statuses = ['initContainerStatuses', 'containerStatuses', 'ephemeralContainerStatuses'].flatMap(
    (list) => status?.[list] ?? [],
  );
  return statuses.flatMap(({ name, containerID, state, lastState }) => {
    const runs: ContainerRun[] = [];
    for (const { terminated } of [lastState ?? {}, state ?? {}]) {
      const containerId = bareId(terminated?.containerID);
      if (!terminated || containerId === null) continue;
      const times = { startedMs: epochOrNull(terminated.startedAt), finishedMs: epochOrNull(terminated.finishedAt) };
      runs.push({ containerId, container: name, ...times });
    }
    const containerId = bareId(containerID);
    if (containerId !== null && !runs.some((run) => run.containerId === containerId)) {
      runs.push({ containerId, container: name, startedMs: epochOrNull(state?.running?.startedAt), finishedMs: null });
    }
    return runs;
  });
}

function mergeRuns(before: readonly ContainerRun[], now: readonly ContainerRun[]): ContainerRun[] {
  const merged = new Map(before.map((run) => [run.containerId, run] as const));
  for (const run of now) {
    const known = merged.get(run.containerId);
    merged.delete(run.containerId);
    merged.set(run.containerId, {
      ...run,
      startedMs: run.startedMs ?? known?.startedMs ?? null,
      finishedMs: run.finishedMs ?? known?.finishedMs ?? null,
    });
  }
  return [...merged.values()].slice(-runsKeptPerPod);
}

/** `containerd://<id>` without the runtime. */
function bareId(containerId: string | undefined): string | null {
  return containerId ? containerId.slice(containerId.indexOf('://') === -1 ? 0 : containerId.indexOf('://') + 3) : null;
}

function epochOrNull(time: string | undefined): number | null {
  const epochMs = time === undefined ? NaN : toEpochMs(time);
  return Number.isNaN(epochMs) ? null : epochMs;
}
