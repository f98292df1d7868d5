import type { Category } from '../../../src/model/categories.js';
import type { KubernetesObject } from '../../../src/model/payloads.js';
import { entityRef } from '../../../src/model/entity.js';
import { toEpochMs } from '../../../src/model/time.js';
import type { TransformContext } from '../context.js';
import { cloudControllerProblems, lapsedLeader, versionSkew } from './control-plane.js';
import type { Draft } from '../draft.js';
import type { Interpretation, Observed } from '../interpretation.js';
import { conditionOf, each, type Condition } from './kubernetes-objects.js';
import { clause, duration } from '../wording.js';

interface Node extends KubernetesObject {
  readonly spec?: {
    readonly unschedulable?: boolean;
    readonly taints?: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  };
  readonly status?: {
    readonly conditions?: readonly Condition[];
    readonly allocatable?: Readonly<Record<string, string>>;
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
    readonly nodeInfo?: {
      readonly bootID?: string;
      readonly kubeletVersion?: string;
      readonly architecture?: string;
      readonly containerRuntimeVersion?: string;
    };
  };
}

const pressures = [
  ['MemoryPressure', 'node.memory-pressure', 'memory'],
  ['DiskPressure', 'node.disk-pressure', 'disk space'],
  ['PIDPressure', 'node.pid-pressure', 'process ids'],
] as const;

/** Conditions that node-problem-detector sets with the configurations it ships. */
const daemonConditions: readonly (readonly [RegExp, Category, string])[] = [
  [/^KernelDeadlock$/, 'node.hung-task', 'has tasks that hang in the kernel'],
  [/^Read-?onlyFilesystem$/i, 'node.filesystem-read-only', 'has a file system that became read-only'],
  [/^XfsShutdown$/, 'node.filesystem-read-only', 'has an XFS file system that was shut down'],
  [/^CperHardwareErrorFatal$/, 'node.hardware-error', 'reports a fatal error of its hardware'],
  [/^CorruptDockerOverlay2$|^CorruptDockerImage$/, 'node.image-store-corrupt', 'has a damaged store of images'],
  [/^FrequentUnregisterNetDevice$/, 'node.netdevice-leaked', "cannot take down its pods' network"],
  [/^FrequentKubeletRestart$|^KubeletUnhealthy$/, 'node.kubelet-down', 'has a kubelet that does not stay up'],
  [
    /^Frequent(?:Docker|Containerd)Restart$|^ContainerRuntimeUnhealthy$/,
    'node.runtime-down',
    'has a container runtime that does not stay up',
  ],
  [/^NTPProblem$/, 'node.clock-skewed', 'has a clock that is not synchronised'],
  [/^ConntrackFull/, 'node.conntrack-full', 'drops new connections because its conntrack table is full'],
];

export function readNode(observed: Observed<Node>, context: TransformContext): Interpretation {
  const { object, entity, k8s } = observed;
  const { status, spec } = object;
  const name = entity.name;
  context.nodes.set(name, {
    labels: object.metadata.labels ?? {},
    unschedulable: spec?.unschedulable ?? false,
    taints: each(spec?.taints),
  });
  const problems: Draft[] = [];
  const events: Draft[] = [];
  const add = (draft: Omit<Draft, 'entity' | 'context'>) => problems.push({ ...draft, entity, context: k8s });

  const ready = conditionOf(status?.conditions, 'Ready');
  if (ready && ready.status !== 'True') {
    const silent = ready.status === 'Unknown';
    const why = clause(ready.message ?? ready.reason ?? '');
    const networkDown = /NetworkReady=false|NetworkPluginNotReady|cni plugin not initialized/i.test(why);
    const runtimeDown = /container runtime (?:is down|status check may not have completed)|PLEG is not healthy/i.test(
      why,
    );
    add({
      category: 'node.not-ready',
      startedAt: ready.lastTransitionTime,
      message: silent
        ? `Node ${name} is not ready: its kubelet has stopped reporting.`
        : `Node ${name} is not ready: ${why}.`,
      attributes: { reason: ready.reason, status: ready.status, lastHeartbeat: ready.lastHeartbeatTime },
    });
    if (/node is shutting down/i.test(why))
      add({
        category: 'node.shutdown',
        startedAt: ready.lastTransitionTime,
        message: `Node ${name} is being shut down.`,
        attributes: { reason: ready.reason },
      });
    if (networkDown)
      add({
        category: 'node.network-unavailable',
        startedAt: ready.lastTransitionTime,
        message: `The pod network of node ${name} is not set up: ${why}.`,
        attributes: { reason: ready.reason },
      });
    if (runtimeDown)
      add({
        category: 'node.runtime-down',
        startedAt: ready.lastTransitionTime,
        message: `The container runtime of node ${name} does not answer: ${why}.`,
        attributes: { reason: ready.reason },
      });
  }
  for (const [type, category, what] of pressures) {
    const condition = conditionOf(status?.conditions, type);
    if (condition?.status === 'True') {
      add({
        category,
        startedAt: condition.lastTransitionTime,
        message: `Node ${name} runs out of ${what}.`,
        attributes: { reason: condition.reason },
      });
    }
  }
  const network = conditionOf(status?.conditions, 'NetworkUnavailable');
  if (network?.status === 'True') {
    add({
      category: 'node.network-unavailable',
      startedAt: network.lastTransitionTime,
      message: `The network of node ${name} is not available: ${clause(network.message ?? network.reason ?? '')}.`,
      attributes: { reason: network.reason },
    });
  }
  // Problem daemons (node-problem-detector) add conditions of their own, True when something is wrong.
  for (const condition of each(status?.conditions)) {
    const known =
      condition.type === 'Ready' ||
      condition.type === 'NetworkUnavailable' ||
      pressures.some(([type]) => type === condition.type);
    if (known || condition.status !== 'True') continue;
    const daemon = daemonConditions.find(([pattern]) => pattern.test(condition.type));
    if (daemon) {
      add({
        category: daemon[1],
        discriminator: condition.type,
        startedAt: condition.lastTransitionTime,
        message: `Node ${name} ${daemon[2]}: ${clause(condition.message ?? condition.reason ?? '')}.`,
        attributes: { condition: condition.type, reason: condition.reason, line: condition.message },
      });
      continue;
    }
    if (/Problem|Deadlock|Readonly|ReadOnly|Unhealthy|Corrupt|Frequent|OOM|Failure/.test(condition.type)) {
      add({
        category: 'object.condition-failed',
        discriminator: condition.type,
        startedAt: condition.lastTransitionTime,
        message: `Node ${name} reports ${condition.type}: ${clause(condition.message ?? condition.reason ?? '')}.`,
        attributes: { condition: condition.type, reason: condition.reason },
      });
    }
  }
  problems.push(
    ...versionSkew(status?.nodeInfo?.kubeletVersion, entity, k8s, context),
    ...cloudControllerProblems(each(spec?.taints), object.metadata.creationTimestamp, entity, k8s),
  );
  const cordon = each(spec?.taints).find((taint) => taint.key === 'node.kubernetes.io/unschedulable');
  if (spec?.unschedulable) {
    add({
      category: 'node.cordoned',
      startedAt: (cordon as { timeAdded?: string } | undefined)?.timeAdded ?? null,
      message: `Node ${name} is cordoned: no new pods are placed on it.`,
    });
  }
  const wasCordoned = context.cordoned.has(name);
  if (spec?.unschedulable) context.cordoned.add(name);
  else context.cordoned.delete(name);
  const bootId = status?.nodeInfo?.bootID;
  const bootKey = `boot ${entity.id}`;
  const before = context.reasons.get(bootKey);
  if (bootId) {
    if (before && before.reason !== bootId) {
      events.push({
        category: 'node.rebooted',
        entity,
        context: k8s,
        message: `Node ${name} was rebooted.`,
        discriminator: bootId,
        attributes: { bootId },
      });
    }
    context.reasons.set(bootKey, { reason: bootId, message: '', at: observed.at });
  }
  return {
    facts: {
      ready: ready?.status === 'True',
      unschedulable: spec?.unschedulable ?? null,
      taints:
        each(spec?.taints)
          .map(({ key, value, effect }) => `${key}${value ? `=${value}` : ''}:${effect}`)
          .join(',') || null,
      ip: each(status?.addresses).find((address) => address.type === 'InternalIP')?.address,
      cpu: status?.allocatable?.cpu,
      memory: status?.allocatable?.memory,
      pods: status?.allocatable?.pods,
      architecture: status?.nodeInfo?.architecture,
      kubeletVersion: status?.nodeInfo?.kubeletVersion,
      runtime: status?.nodeInfo?.containerRuntimeVersion,
    },
    problems,
    events,
    refresh: wasCordoned === context.cordoned.has(name) ? [] : [...context.budgets].sort(),
  };
}

interface Lease extends KubernetesObject {
  readonly spec?: {
    readonly renewTime?: string;
    readonly leaseDurationSeconds?: number;
    readonly holderIdentity?: string;
  };
}

/**
 * The kubelet's heartbeat: a Lease of kube-node-lease that is not renewed in time. The collector publishes one only when it has run
 * out or is renewed again, so what is seen is judged at once and never again. Other leases belong to controllers and say nothing of a node.
 */
export function readLease(
  { object, entity, atMs, k8s, action }: Observed<Lease>,
  context: TransformContext,
): Interpretation {
  const { spec } = object;
  if (!spec?.renewTime) return { facts: { holder: spec?.holderIdentity } };
  if (entity.namespace !== 'kube-node-lease') {
    const endMs = toEpochMs(spec.renewTime) + (spec.leaseDurationSeconds ?? 15) * 1000;
    const lapsed = atMs >= endMs && action !== 'SYNC';
    const late = duration(atMs - toEpochMs(spec.renewTime));
    return {
      facts: { holder: spec.holderIdentity },
      problems: lapsed ? lapsedLeader(entity, spec.renewTime, late, k8s) : [],
    };
  }
  const dueMs = toEpochMs(spec.renewTime) + (spec.leaseDurationSeconds ?? 40) * 1000;
  const node = entityRef(context.cluster, 'Node', null, spec.holderIdentity ?? entity.name);
  if (atMs < dueMs || action === 'SYNC') return { facts: { renewTime: spec.renewTime } };
  return {
    facts: { renewTime: spec.renewTime },
    problems: [
      {
        category: 'node.lease-expired',
        entity: node,
        context: { ...k8s, node: node.name },
        startedAt: spec.renewTime,
        message: `The kubelet of node ${node.name} has not renewed its lease for ${duration(atMs - toEpochMs(spec.renewTime))}.`,
      },
    ],
  };
}
