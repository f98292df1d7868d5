import { contentId } from '../../../src/model/ids.js';
import type { KubernetesObject } from '../../../src/model/payloads.js';
import {
  ageMs,
  describedTime,
  lineOf,
  pairsOf,
  readDescription,
  tableOf,
  valueOf,
  valuesOf,
  type DescribedLine,
} from './kubectl-text.js';
import { readContainerStatuses, readPodSpec } from './pod-text.js';

/** What an object's description needs from around it. */
export interface Surroundings {
  /** Epoch ms at which the descriptions were printed: what their ages are counted back from. */
  readonly printedMs: number;
  /** Pod name by address, for endpoints. */
  readonly podOfAddress: ReadonlyMap<string, string>;
  /** The age that `kubectl get` prints, by `Kind/name`. */
  readonly ages: ReadonlyMap<string, string>;
  /** What was applied (`Kind/name` → manifest): descriptions leave out affinity, and what a claim asks for. */
  readonly manifests: ReadonlyMap<string, Manifest>;
}

export interface Manifest {
  readonly spec?: Readonly<Record<string, unknown>> & {
    readonly template?: { readonly spec?: Readonly<Record<string, unknown>> };
  };
}

/** kubectl prints no uid: one that follows from kind, namespace and name is as good, since nothing is made twice in a snapshot. */
export function uidOf(kind: string, namespace: string | undefined, name: string): string {
  return contentId('uid', kind, namespace ?? '', name);
}

export const kinds: Readonly<Record<string, string>> = {
  pods: 'Pod',
  pod: 'Pod',
  services: 'Service',
  service: 'Service',
  deployments: 'Deployment',
  replicasets: 'ReplicaSet',
  statefulsets: 'StatefulSet',
  statefulset: 'StatefulSet',
  daemonsets: 'DaemonSet',
  endpoints: 'Endpoints',
  nodes: 'Node',
  persistentvolumeclaims: 'PersistentVolumeClaim',
  persistentvolumes: 'PersistentVolume',
  storageclasses: 'StorageClass',
  resourcequota: 'ResourceQuota',
  serviceaccounts: 'ServiceAccount',
  configmaps: 'ConfigMap',
  secrets: 'Secret',
  networkpolicies: 'NetworkPolicy',
};

const versions: Readonly<Record<string, string>> = {
  Deployment: 'apps/v1',
  ReplicaSet: 'apps/v1',
  StatefulSet: 'apps/v1',
  DaemonSet: 'apps/v1',
  EndpointSlice: 'discovery.k8s.io/v1',
  StorageClass: 'storage.k8s.io/v1',
  NetworkPolicy: 'networking.k8s.io/v1',
};

/** One `kubectl describe` as the object that it is about; null for what is no description. */
export function readObject(kind: string, text: string, around: Surroundings): KubernetesObject | null {
  const lines = readDescription(text);
  const name = valueOf(lines, 'Name');
  const read = readers[kind];
  if (name === undefined || !read) return null;
  const namespace = valueOf(lines, 'Namespace');
  const asKind = kind === 'Endpoints' ? 'EndpointSlice' : kind;
  const owner = /^(\w+)\/(\S+)/.exec(valueOf(lines, 'Controlled By') ?? '');
  return {
    apiVersion: versions[asKind] ?? 'v1',
    kind: asKind,
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      uid: uidOf(asKind, namespace, name),
      resourceVersion: '1',
      ...createdAt(kind, name, lines, around),
      labels: {
        ...pairsOf(lines, 'Labels'),
        ...(kind === 'Endpoints' && { 'kubernetes.io/service-name': name }),
      },
      annotations: pairsOf(lines, 'Annotations'),
      ...(owner && {
        ownerReferences: [
          {
            apiVersion: versions[owner[1]!] ?? 'v1',
            kind: owner[1]!,
            name: owner[2]!,
            uid: uidOf(owner[1]!, namespace, owner[2]!),
            controller: true,
          },
        ],
      }),
      ...(valueOf(lines, 'Status')?.startsWith('Terminating') && {
        deletionTimestamp: new Date(around.printedMs).toISOString(),
      }),
    },
    ...read(lines, around, name),
  };
}

function createdAt(
  kind: string,
  name: string,
  lines: readonly DescribedLine[],
  { ages, printedMs }: Surroundings,
): { creationTimestamp?: string } {
  const said = describedTime(valueOf(lines, 'CreationTimestamp') ?? valueOf(lines, 'Start Time'));
  const age = ageMs(ages.get(`${kind}/${name}`) ?? '');
  const creationTimestamp = said ?? (age === null ? undefined : new Date(printedMs - age).toISOString());
  return creationTimestamp === undefined ? {} : { creationTimestamp };
}

type Body = Readonly<Record<string, unknown>>;
type Reader = (lines: readonly DescribedLine[], around: Surroundings, name: string) => Body;

const readers: Readonly<Record<string, Reader>> = {
  Pod: (lines, { manifests }) => readPod(lines, manifests),
  Deployment: (lines, { manifests }, name) => {
    const [desired, updated, total, available] = numbersOf(valueOf(lines, 'Replicas'));
    const conditions = conditionsOf(lines);
    return {
      spec: {
        replicas: desired,
        selector: { matchLabels: pairsOf(lines, 'Selector') },
        strategy: { type: valueOf(lines, 'StrategyType') },
        template: templateOf(lines, manifests.get(`Deployment/${name}`)),
      },
      status: {
        replicas: total,
        updatedReplicas: updated,
        availableReplicas: available,
        readyReplicas: available,
        conditions,
      },
    };
  },
  ReplicaSet: (lines) => {
    const [total, desired] = numbersOf(valueOf(lines, 'Replicas'));
    const running = Number(/(\d+) Running/.exec(valueOf(lines, 'Pods Status') ?? '')?.[1] ?? 0);
    return {
      spec: {
        replicas: desired,
        selector: { matchLabels: pairsOf(lines, 'Selector') },
        template: templateOf(lines, undefined),
      },
      status: { replicas: total, readyReplicas: running, conditions: conditionsOf(lines) },
    };
  },
  StatefulSet: (lines) => {
    const [desired, total] = numbersOf(valueOf(lines, 'Replicas'));
    const running = Number(/(\d+) Running/.exec(valueOf(lines, 'Pods Status') ?? '')?.[1] ?? 0);
    return {
      spec: {
        replicas: desired,
        selector: { matchLabels: pairsOf(lines, 'Selector') },
        template: templateOf(lines, undefined),
      },
      status: { replicas: total, readyReplicas: running, availableReplicas: running },
    };
  },
  Service: (lines) => ({
    spec: {
      type: valueOf(lines, 'Type'),
      clusterIP: valueOf(lines, 'IP'),
      selector: pairsOf(lines, 'Selector'),
      ports: portsOf(lines),
    },
    status: { loadBalancer: {} },
  }),
  Endpoints: (lines, { podOfAddress }) => {
    const subsets = lineOf(lines, 'Subsets')?.below ?? [];
    const namespace = valueOf(lines, 'Namespace');
    const addresses = (key: string, ready: boolean) =>
      (valueOf(subsets, key) ?? '')
        .split(',')
        .filter((address) => address !== '')
        .map((address) => ({
          addresses: [address],
          conditions: { ready },
          ...(podOfAddress.has(address) && {
            targetRef: { kind: 'Pod', namespace, name: podOfAddress.get(address) },
          }),
        }));
    return {
      addressType: 'IPv4',
      endpoints: [...addresses('Addresses', true), ...addresses('NotReadyAddresses', false)],
      ports: tableOf(subsets, 'Ports').map(({ name, port, protocol }) => ({ name, port: Number(port), protocol })),
    };
  },
  Node: (lines) => ({
    spec: {
      unschedulable: valueOf(lines, 'Unschedulable') === 'true',
      taints: valuesOf(lines, 'Taints').map((text) => {
        const [pair = '', effect = ''] = text.split(/:(?=\w+$)/);
        const [key = '', value] = pair.split('=');
        return { key, ...(value !== undefined && { value }), effect };
      }),
    },
    status: {
      conditions: conditionsOf(lines),
      allocatable: pairsOf(lines, 'Allocatable'),
      capacity: pairsOf(lines, 'Capacity'),
      addresses: (lineOf(lines, 'Addresses')?.below ?? []).map(({ key, value }) => ({ type: key, address: value })),
      nodeInfo: nodeInfoOf(lineOf(lines, 'System Info')?.below ?? []),
    },
  }),
  PersistentVolumeClaim: (lines, { manifests }, name) => ({
    spec: {
      ...manifests.get(`PersistentVolumeClaim/${name}`)?.spec,
      storageClassName: valueOf(lines, 'StorageClass'),
      volumeName: valueOf(lines, 'Volume'),
      volumeMode: valueOf(lines, 'VolumeMode'),
    },
    status: { phase: valueOf(lines, 'Status') },
  }),
  PersistentVolume: (lines) => {
    const [namespace, claim] = (valueOf(lines, 'Claim') ?? '').split('/');
    return {
      spec: {
        storageClassName: valueOf(lines, 'StorageClass'),
        ...(claim !== undefined && { claimRef: { namespace, name: claim } }),
        capacity: { storage: valueOf(lines, 'Capacity') },
        accessModes: (valueOf(lines, 'Access Modes') ?? '').split(',').map((mode) => accessModes[mode] ?? mode),
        persistentVolumeReclaimPolicy: valueOf(lines, 'Reclaim Policy'),
      },
      status: { phase: valueOf(lines, 'Status'), message: valueOf(lines, 'Message') },
    };
  },
  StorageClass: (lines) => ({
    provisioner: valueOf(lines, 'Provisioner'),
    volumeBindingMode: valueOf(lines, 'VolumeBindingMode'),
  }),
  ResourceQuota: (lines) => {
    const used: Record<string, string> = {};
    const hard: Record<string, string> = {};
    for (const { raw } of lines) {
      const match = /^(\S+)\s+(\S+)\s+(\S+)$/.exec(raw.trim());
      if (!match || match[1] === 'Resource' || match[1]!.startsWith('-')) continue;
      used[match[1]!] = match[2]!;
      hard[match[1]!] = match[3]!;
    }
    return { spec: { hard }, status: { hard, used } };
  },
  ServiceAccount: () => ({}),
  ConfigMap: () => ({}),
  Secret: (lines) => ({ type: valueOf(lines, 'Type') }),
};

const accessModes: Readonly<Record<string, string>> = {
  RWO: 'ReadWriteOnce',
  ROX: 'ReadOnlyMany',
  RWX: 'ReadWriteMany',
  RWOP: 'ReadWriteOncePod',
};

function readPod(lines: readonly DescribedLine[], manifests: Surroundings['manifests']): Body {
  const events = tableOf(lines, 'Events');
  /** The newest word of a reason; descriptions list events by age, so the last. */
  const said = (reason: string, matching: RegExp) =>
    events.filter((event) => event.reason === reason && matching.test(event.message ?? '')).at(-1)?.message;
  // The scheduler and the kubelet write the same text into the status and into the event; descriptions show only the event.
  const whyWaiting = (_container: string, reason: string): string | undefined => {
    if (reason === 'ErrImagePull')
      return said('Failed', /^Failed to pull image/)?.replace(/^Failed to pull image "[^"]*": /, '');
    if (reason === 'ImagePullBackOff') return said('BackOff', /^Back-off pulling image/);
    if (reason === 'CrashLoopBackOff') return said('BackOff', /^Back-off restarting/);
    if (/^(?:CreateContainer|RunContainer)/.test(reason)) return said('Failed', /^Error: /)?.replace(/^Error: /, '');
    return undefined;
  };
  const node = (valueOf(lines, 'Node') ?? '').split('/')[0];
  const workload = (lineOf(lines, 'Controlled By')?.value ?? '').replace(/^ReplicaSet\/(.*)-\w+$/, '$1');
  const unscheduled = said('FailedScheduling', /./);
  return {
    spec: {
      ...readPodSpec(lines),
      ...affinityOf(manifests.get(`Deployment/${workload}`)),
      ...(node !== '' && { nodeName: node }),
    },
    status: {
      phase: valueOf(lines, 'Status')?.split(' ')[0],
      reason: valueOf(lines, 'Reason'),
      message: valueOf(lines, 'Message'),
      podIP: valueOf(lines, 'IP'),
      startTime: describedTime(valueOf(lines, 'Start Time')),
      conditions: conditionsOf(lines).map((condition) =>
        condition.type === 'PodScheduled' && condition.status === 'False' && unscheduled !== undefined
          ? { ...condition, reason: 'Unschedulable', message: unscheduled }
          : condition,
      ),
      initContainerStatuses: readContainerStatuses(lines, 'Init Containers', whyWaiting),
      containerStatuses: readContainerStatuses(lines, 'Containers', whyWaiting),
    },
  };
}

function affinityOf(manifest: Manifest | undefined): Body {
  const affinity = manifest?.spec?.template?.spec?.affinity;
  return affinity === undefined ? {} : { affinity };
}

function templateOf(lines: readonly DescribedLine[], manifest: Manifest | undefined): Body {
  const template = lineOf(lines, 'Pod Template')?.below ?? [];
  return {
    metadata: { labels: pairsOf(template, 'Labels') },
    spec: { ...readPodSpec(template), ...affinityOf(manifest) },
  };
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
  readonly lastHeartbeatTime?: string;
}

function conditionsOf(lines: readonly DescribedLine[]): Condition[] {
  const refused = tableOf(lines, 'Events')
    .filter(({ reason }) => reason === 'FailedCreate')
    .at(-1)?.message;
  return tableOf(lines, 'Conditions').map((row) => {
    const since = describedTime(row.lasttransitiontime);
    const heartbeat = describedTime(row.lastheartbeattime);
    // As with the scheduler: the controller's event has the text of its condition.
    const message = row.message ?? (row.type === 'ReplicaFailure' ? refused : undefined);
    return {
      type: row.type ?? '',
      status: row.status ?? '',
      ...(row.reason !== undefined && { reason: row.reason }),
      ...(message !== undefined && { message }),
      ...(since !== undefined && { lastTransitionTime: since }),
      ...(heartbeat !== undefined && { lastHeartbeatTime: heartbeat }),
    };
  });
}

/** Services print Port, TargetPort and NodePort once for each port. */
function portsOf(lines: readonly DescribedLine[]): Body[] {
  const ports: Record<string, unknown>[] = [];
  for (const { key, value } of lines) {
    const match = /^(?:(\S+)\s+)?(\d+)\/(\w+)$/.exec(value);
    if (key === 'Port' && match) {
      const name = match[1] === '<unset>' ? undefined : match[1];
      ports.push({ ...(name !== undefined && { name }), port: Number(match[2]), protocol: match[3] });
    }
    if (key === 'TargetPort') {
      const target = value.split('/')[0]!;
      Object.assign(ports.at(-1) ?? {}, { targetPort: /^\d+$/.test(target) ? Number(target) : target });
    }
    if (key === 'NodePort' && match) Object.assign(ports.at(-1) ?? {}, { nodePort: Number(match[2]) });
  }
  return ports;
}

/** `1 desired | 1 updated | 1 total | 0 available`, `0 current / 1 desired`: the numbers in the order in which they stand. */
function numbersOf(text: string | undefined): number[] {
  return [...(text ?? '').matchAll(/(\d+)/g)].map((match) => Number(match[1]));
}

function nodeInfoOf(lines: readonly DescribedLine[]): Body {
  return {
    bootID: valueOf(lines, 'Boot ID'),
    kubeletVersion: valueOf(lines, 'Kubelet Version'),
    architecture: valueOf(lines, 'Architecture'),
    containerRuntimeVersion: valueOf(lines, 'Container Runtime Version'),
  };
}
