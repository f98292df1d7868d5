import { entityRef, type EntityRef } from '../../src/model/entity.js';
import type { Finding } from '../../src/model/finding.js';
import { contentId } from '../../src/model/ids.js';
import type { KubernetesObject, KubernetesObservation } from '../../src/model/payloads.js';
import type { RawEvent } from '../../src/model/raw-event.js';
import { canonicalTimestamp, toEpochMs } from '../../src/model/time.js';
import { classifyClaimReason } from './storage.js';
import { containerRef, noContext, podContext, type PodMemory, type TransformContext } from './context.js';
import { eventFrom, type Draft } from './draft.js';
import { classifyPull } from './image-pull.js';
import { evictionDraft, gracePeriodDraft, rejection } from './pod-ends.js';
import { mistakeOf, portOfProbe } from './probe-mistakes.js';
import { creationDraft } from './workloads.js';
import { journalTexts } from '../detect/journal-texts.js';
import { clause, size } from './wording.js';
import { selectorFight, verticalEviction } from './workload-conflicts.js';

/** core/v1 and events.k8s.io/v1 in one shape: the collector may watch either. */
interface ClusterEvent extends KubernetesObject {
  readonly involvedObject?: Involved;
  readonly regarding?: Involved;
  readonly reason?: string;
  readonly message?: string;
  readonly note?: string;
  readonly type?: string;
  readonly count?: number;
  readonly deprecatedCount?: number;
  readonly series?: { readonly count?: number; readonly lastObservedTime?: string } | null;
  readonly firstTimestamp?: string | null;
  readonly lastTimestamp?: string | null;
  readonly deprecatedLastTimestamp?: string | null;
  readonly eventTime?: string | null;
}

interface Involved {
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly fieldPath?: string;
}

interface Hint {
  readonly event: ClusterEvent;
  readonly reason: string;
  readonly message: string;
  readonly involved: EntityRef;
  readonly fieldPath: string | null;
  readonly pod: PodMemory | null;
  readonly context: TransformContext;
  readonly k8s: Draft['context'];
  readonly atMs: number;
}

/** Older than this when it is first seen, a Kubernetes Event speaks of the past. */
const staleMs = 5 * 60_000;

/**
 * Kubernetes Events are hints, not truth: they come late, are merged, and stay for an hour. Those that say what no object's status
 * says become events, one for each (object, reason, message template), whose count grows with the series.
 */
export function readKubernetesEvent(
  raw: RawEvent,
  { action, object }: KubernetesObservation,
  context: TransformContext,
  refresh: (entityId: string, at: string) => Finding[],
): Finding[] {
  const event = object as ClusterEvent;
  const about = event.involvedObject ?? event.regarding;
  if (action === 'DELETED' || !about?.kind || !about.name) return [];
  const reason = event.reason ?? '';
  const message = event.message ?? event.note ?? '';
  const atMs = toEpochMs(raw.timestamp);
  const lastText =
    event.series?.lastObservedTime ??
    event.lastTimestamp ??
    event.deprecatedLastTimestamp ??
    event.eventTime ??
    event.metadata.creationTimestamp;
  const last = canonicalTimestamp(lastText ?? '') ?? raw.timestamp;
  const first = canonicalTimestamp(event.firstTimestamp ?? event.eventTime ?? '') ?? last;
  const namespace = about.namespace || null;
  const involved = entityRef(
    context.cluster,
    about.kind,
    about.kind === 'Node' ? null : namespace,
    about.name,
    about.uid ?? null,
  );
  const pod = (about.uid !== undefined ? context.podsByUid.get(about.uid) : undefined) ?? null;

  if (about.kind === 'PersistentVolumeClaim' && about.uid) {
    // A claim's status has no reasons of its own: its events are where they stand, also those from before.
    const known = classifyClaimReason(reason, message, undefined) !== null || /^WaitFor/.test(reason);
    if (known) {
      context.reasons.set(`claim ${about.uid}`, { reason, message, at: last });
      return refresh(involved.id, raw.timestamp);
    }
  }
  if (action === 'SYNC' || atMs - toEpochMs(last) > staleMs) return [];
  const k8s = pod
    ? podContext(context.cluster, pod)
    : { ...noContext(context.cluster), namespace: involved.namespace, node: about.kind === 'Node' ? about.name : null };
  const hint: Hint = { event, reason, message, involved, fieldPath: about.fieldPath ?? null, pod, context, k8s, atMs };
  const draft = interpret(hint);
  if (!draft) return [];
  if (pod && context.latest.has(involved.id) && standing({ ...draft, startedAt: last }, hint, pod))
    return refresh(involved.id, raw.timestamp);
  const count = event.series?.count ?? event.count ?? event.deprecatedCount ?? 1;
  const template = templateOf(message);
  const id = contentId(
    draft.entity.id,
    about.uid ?? about.name,
    reason,
    draft.category,
    draft.discriminator ?? '',
    template,
  );
  const start = first > raw.timestamp ? raw.timestamp : first;
  return [
    {
      kind: 'event',
      at: raw.timestamp,
      event: eventFrom(
        {
          ...draft,
          template: draft.template ?? template,
          count,
          lastSeen: last > raw.timestamp ? raw.timestamp : last,
        },
        'kubeapi',
        start,
        id,
      ),
    },
  ];
}

/** True when the event explains the state that its pod is in now: then it holds as long as that does, and not just for a moment. */
function standing(draft: Draft, { reason, message, fieldPath }: Hint, pod: PodMemory): boolean {
  if (draft.category === 'probe.readiness-failed') {
    const memory = pod.containers.get(/\{([^}]+)\}/.exec(fieldPath ?? '')?.[1] ?? '');
    if (memory) memory.readinessFailure = draft;
    return memory !== undefined;
  }
  if (draft.category === 'image.pull-failed') return true;
  if (!/^FailedMount$|^FailedMapVolume$|^FailedAttachVolume$|^FailedCreatePodSandBox$|^NetworkNotReady$/.test(reason))
    return false;
  pod.setbacks.set(`${draft.category} ${draft.discriminator ?? ''} ${templateOf(message).slice(0, 64)}`, draft);
  // A volume that fails in ever new words is still one volume.
  if (pod.setbacks.size > 8) pod.setbacks.delete(pod.setbacks.keys().next().value!);
  return true;
}

/** Names, numbers and addresses out: the same complaint of the same object is the same event. */
function templateOf(message: string): string {
  return message
    .replace(/^\(combined from similar events\): /, '')
    .replace(/"[^"]*"/g, '"<*>"')
    .replace(/\b[0-9a-f]{8}-[0-9a-f-]{27}\b/g, '<*>')
    .replace(/\b\d[\w.:]*/g, '<*>')
    .slice(0, 256);
}

function interpret(hint: Hint): Draft | null {
  const { reason, message, involved, context, pod, k8s } = hint;
  const text = clause(message);
  const draft = (category: Draft['category'], sentence: string, more: Partial<Draft> = {}): Draft => ({
    category,
    entity: involved,
    context: k8s,
    message: sentence,
    ...more,
  });
  const name = `${involved.kind} ${involved.name}`;

  switch (reason) {
    case 'Unhealthy':
      return probeFailure(hint);
    case 'Killing':
      noteProbeKill(hint);
      return null;
    case 'FailedMount':
    case 'FailedMapVolume':
    case 'FailedAttachVolume':
      return volumeFailure(hint);
    case 'FailedCreatePodSandBox':
    case 'FailedCreatePodContainer':
      if (/RuntimeClass|no runtime for/i.test(message))
        return draft('admission.runtimeclass-missing', `Pod ${involved.name} cannot start: ${text}.`);
      if (noAddress.test(message) && pod?.node)
        return draft(
          'node.pod-ips-exhausted',
          `No address is left for pod ${involved.name} on node ${pod.node}: ${text}.`,
          {
            entity: entityRef(context.cluster, 'Node', null, pod.node),
            discriminator: involved.name,
            attributes: { error: text },
          },
        );
      if (oomAtStart.test(message)) {
        const limitBytes = smallestLimit(pod);
        return draft(
          'container.oom-killed',
          `Pod ${involved.name} cannot start: its first process was killed for exceeding its memory limit${limitBytes === null ? '' : ` of ${size(limitBytes)}`}.`,
          { attributes: { limitBytes, error: text } },
        );
      }
      return draft('pod.sandbox-failed', `The sandbox of pod ${involved.name} cannot be created: ${text}.`, {
        attributes: { error: text },
      });
    case 'SandboxChanged': {
      // Once, after a node or its runtime was restarted, is as it should be.
      const times = hint.event.series?.count ?? hint.event.count ?? 1;
      return times < 3
        ? null
        : draft(
            'pod.sandbox-changed',
            `The sandbox of pod ${involved.name} is lost and made again, ${times} times so far.`,
            {
              attributes: { times },
            },
          );
    }
    case 'Failed':
    case 'FailedToRetrieveImagePullSecret':
      return pullFailure(hint);
    case 'NetworkNotReady':
      return draft(
        'pod.sandbox-failed',
        `Pod ${involved.name} cannot start because the network of its node is not ready.`,
        { attributes: { error: text } },
      );
    case 'FailedPostStartHook':
    case 'FailedPreStopHook': {
      const hook = reason === 'FailedPostStartHook' ? 'postStart' : 'preStop';
      const container = containerOf(hint);
      return draft(
        'container.lifecycle-hook-failed',
        `The ${hook} hook${container ? ` of container ${container}` : ''} of pod ${involved.name} failed: ${text}.`,
        { entity: entityOf(hint), discriminator: hook, attributes: { hook } },
      );
    }
    case 'Evicted':
      // A pod that is seen has the same in its status; this is for those that are gone before.
      return pod?.disrupted ? null : evictionDraft(involved, involved.name, message, 'evicted', k8s, null);
    case 'Preempted':
      return preemption(hint);
    case 'TaintManagerEviction':
      return /Cancelling/.test(message)
        ? null
        : draft(
            'pod.evicted',
            `Pod ${involved.name} is removed from its node because of a taint it does not tolerate.`,
            { attributes: { resource: 'taint' } },
          );
    case 'FailedCreate':
      // ReplicaSets keep the refusal in their status.
      return involved.kind === 'ReplicaSet' || involved.kind === 'Deployment'
        ? null
        : creationDraft(involved, involved.name, message, null, { ...k8s, workload: involved.name }, context);
    case 'SystemOOM':
      return draft('node.out-of-memory', `Node ${involved.name} ran out of memory: ${text}.`, {
        attributes: { victim: /victim process: ([^,]+)/.exec(message)?.[1] },
      });
    case 'Rebooted':
      return draft('node.rebooted', `Node ${involved.name} was rebooted.`);
    case 'NodeShutdown':
      return draft('node.shutdown', `Node ${involved.name} is being shut down: ${text}.`);
    case 'CIDRNotAvailable':
      return draft('node.pod-ips-exhausted', `No range of pod addresses is left for node ${involved.name}: ${text}.`, {
        attributes: { error: text },
      });
    case 'ContainerGCFailed':
    case 'ImageGCFailed':
    case 'FreeDiskSpaceFailed':
    case 'EvictionThresholdMet':
      return /memory/i.test(message) && reason === 'EvictionThresholdMet'
        ? draft('node.memory-pressure', `Node ${involved.name} begins to evict pods: ${text}.`)
        : reason === 'ContainerGCFailed'
          ? null
          : draft('node.disk-pressure', `Node ${involved.name} is short of disk space: ${text}.`);
    case 'MissSchedule':
    case 'FailedNeedsStart':
    case 'TooManyMissedTimes':
      return draft('cronjob.missed', `CronJob ${involved.name} has missed its schedule: ${text}.`);
    case 'UnparseableSchedule':
    case 'InvalidSchedule':
    case 'UnknownTimeZone':
    case 'UnParseableCronJobSchedule':
      return draft('cronjob.invalid-schedule', `CronJob ${involved.name} cannot be scheduled: ${text}.`);
    case 'FailedGetScale':
      return draft('hpa.target-missing', `Autoscaler ${involved.name} cannot find what it scales: ${text}.`);
    case 'SyncLoadBalancerFailed':
      return draft(
        'service.load-balancer-failed',
        `The load balancer of Service ${involved.name} cannot be set up: ${text}.`,
      );
    case 'VolumeResizeFailed':
    case 'FileSystemResizeFailed':
      return draft('volume.resize-failed', `The volume of ${name} cannot be resized: ${text}.`);
    case 'VolumeFailedDelete':
      return draft('pvc.provisioning-failed', `${name}: ${text}.`);
    case 'SnapshotContentCreationFailed':
    case 'SnapshotCreationFailed':
    case 'SnapshotContentMissing':
      return involved.kind === 'VolumeSnapshot'
        ? draft('snapshot.failed', `Snapshot ${involved.name} cannot be made: ${text}.`, {
            attributes: { error: text },
          })
        : null;
    case 'ExceededGracePeriod':
      return gracePeriodDraft(involved, containerOf(hint), k8s, null, null);
    case 'JobAlreadyActive':
      // One skipped run is what `Forbid` asks for; run after run says that a Job hangs.
      return (hint.event.series?.count ?? hint.event.count ?? 1) < 3
        ? null
        : draft(
            'cronjob.blocked',
            `CronJob ${involved.name} skips run after run because the Job before does not end: ${text}.`,
            { attributes: { skipped: hint.event.series?.count ?? hint.event.count } },
          );
    case 'EvictedByVPA':
    case 'EvictedPod':
      return pod ? verticalEviction(pod, k8s, hint.atMs, context) : null;
    case 'SuccessfulCreate':
    case 'SuccessfulDelete': {
      const owner = about(hint);
      return selectorFight(
        reason === 'SuccessfulCreate' ? 'created' : 'deleted',
        owner.kind,
        owner.name,
        k8s,
        hint.atMs,
        context,
      );
    }
    case 'FailedKillPod':
      return draft('pod.stuck-terminating', `Pod ${involved.name} cannot be ended by its kubelet: ${text}.`, {
        attributes: { error: text },
      });
    case 'NotTriggerScaleUp':
    case 'NoScaleUp':
      return scaleUpRefused(hint);
    case 'InsufficientCapacityError':
      return draft('scheduling.no-scale-up', `No machine is to be had for ${name}: ${text}.`, {
        attributes: { reason: 'insufficient capacity', error: text },
      });
    default:
      // What these say stands in the object's own status, better; but for a node's problem daemon, which quotes the kernel.
      if (involved.kind === 'Node') return kernelComplaint(hint);
      // A pod that its node rejects may be gone before it is seen.
      return involved.kind === 'Pod' ? rejection(involved, reason, message, k8s) : null;
  }
}

/** runc's words for a limit that leaves no room for the container's first process. */
const oomAtStart = /container init was OOM-killed/i;

function smallestLimit(pod: PodMemory | null): number | null {
  const limits = [...(pod?.containers.values() ?? [])].flatMap(({ memoryLimitBytes }) => memoryLimitBytes ?? []);
  return limits.length === 0 ? null : Math.min(...limits);
}

/** A back-off does not repeat why the pull before it failed: the Event of that pull does. It is told with the pod's state. */
function pullFailure({ reason, message, pod, fieldPath, involved, k8s, context }: Hint): Draft | null {
  const missing =
    reason === 'FailedToRetrieveImagePullSecret'
      ? (/image pull secrets? \(([^)]+)\)/.exec(message)?.[1]?.split(', ')[0] ?? '')
      : null;
  if (missing === null && !/^Failed to pull image/.test(message)) return null;
  const waiting = /\{([^}]+)\}/.exec(fieldPath ?? '')?.[1];
  for (const [name, memory] of pod?.containers ?? []) {
    if (missing !== null) memory.pullSecret = missing;
    else if (name === waiting) memory.pull = classifyPull(message) ?? memory.pull;
  }
  // For the refresh alone: what it says is told by the container that waits.
  return pod && context.latest.has(involved.id)
    ? { category: 'image.pull-failed', entity: involved, context: k8s, message: clause(message), discriminator: reason }
    : null;
}

/** The workload that an Event's object belongs to, where it is one of its ReplicaSets or Jobs. */
function about({ event, involved, context }: Hint): { readonly kind: string; readonly name: string } {
  const uid = (event.involvedObject ?? event.regarding)?.uid;
  return (uid === undefined ? undefined : context.owners.get(uid)) ?? involved;
}

/** A victim that is seen says so itself; who took its place only the Event knows. */
function preemption({ message, involved, pod, k8s, context }: Hint): Draft {
  const uid = /[Pp]reempted by (?:pod )?([0-9a-f]{8}-[0-9a-f-]{27})/.exec(message)?.[1];
  const by =
    (uid === undefined ? undefined : context.podsByUid.get(uid)?.name) ??
    /[Pp]reempted by (?:pod )?(?:[\w.-]+\/)?([a-z][\w.-]*) on node/.exec(message)?.[1];
  if (pod) pod.disrupted = true;
  const draft = evictionDraft(involved, involved.name, message, 'preempted', k8s, null);
  return by === undefined || by === 'a' || by === 'pod'
    ? draft
    : {
        ...draft,
        message: `Pod ${involved.name} had to make room for pod ${by}, which has a higher priority.`,
        attributes: { ...draft.attributes, preemptor: by },
      };
}

/** How the IPAM of AWS, host-local, Calico, Azure and Cilium say that they have no address left. */
const noAddress =
  /failed to assign an IP address to container|no IP addresses available in range|[Nn]o (?:more )?(?:IPs|addresses|free (?:affine blocks|IPs?)) (?:are |is )?(?:available|left)?|IP ?AM.*exhausted|no available (?:IP )?addresses|Insufficient(?:Free)?(?:Cidr|IP|Addresses)|range is full/i;

/** Events of node-problem-detector carry the line of the kernel's ring that they are about. */
function kernelComplaint({ message, involved, k8s }: Hint): Draft | null {
  for (const row of journalTexts) {
    const found = row.from === 'kernel' ? row.pattern.exec(message) : null;
    if (!found || row.least !== undefined) continue;
    const { device, buffer, nvme, ata, xfs, interface: name, server, task } = found.groups ?? {};
    const disk = device ?? buffer ?? nvme ?? ata ?? xfs;
    return {
      category: row.category,
      entity: involved,
      context: k8s,
      discriminator: disk ?? name ?? server ?? '',
      message: `Node ${involved.name} ${row.says(found.groups ?? {})}.`,
      attributes: { device: disk, interface: name, server, task, line: clause(message, 300) },
    };
  }
  return null;
}

/** What keeps the autoscaler from adding a node for a pod that would fit on one; a pod that would fit on none is its own fault. */
const noMoreNodes =
  /max node group size reached|max cluster (?:cpu|memory|limit)|in backoff after failed scale-up|max total nodes/i;

function scaleUpRefused({ message, involved, k8s }: Hint): Draft | null {
  const reason = noMoreNodes.exec(message)?.[0];
  if (reason === undefined) return null;
  return {
    category: 'scheduling.no-scale-up',
    entity: involved,
    context: k8s,
    message: `No node is added for pod ${involved.name}: ${clause(message.replace(/^pod didn't trigger scale-up:? ?/, ''))}.`,
    attributes: { reason, error: clause(message) },
  };
}

function containerOf({ fieldPath }: Hint): string | null {
  return /\{([^}]+)\}/.exec(fieldPath ?? '')?.[1] ?? null;
}

function entityOf(hint: Hint): EntityRef {
  const container = containerOf(hint);
  const { involved, context } = hint;
  return container !== null && involved.kind === 'Pod' && involved.namespace !== null
    ? containerRef(context.cluster, involved.namespace, involved.name, container)
    : involved;
}

const probeCategories = {
  Liveness: 'probe.liveness-failed',
  Readiness: 'probe.readiness-failed',
  Startup: 'probe.startup-failed',
} as const;

function probeFailure(hint: Hint): Draft | null {
  const { message, pod, involved, context, atMs } = hint;
  const match = /^(Liveness|Readiness|Startup) probe (failed|errored)[^:]*: ?(.*)$/s.exec(message);
  if (!match) return null;
  const kind = match[1] as keyof typeof probeCategories;
  const error = match[3]!;
  // A pod that is on its way out fails its readiness by design.
  if (pod?.terminating) return null;
  const container = containerOf(hint);
  const memory = container !== null ? pod?.containers.get(container) : undefined;
  if (memory && kind !== 'Readiness') memory.probeFailedMs = atMs;
  const target = /:\/\/[^/\s"]*?:(\d+)([^\s"]*)/.exec(error) ?? /dial tcp [^\s]*?:(\d+)()/.exec(error);
  const probe = memory?.probes[kind];
  const port = target ? Number(target[1]) : portOfProbe(probe);
  const path = target?.[2] || null;
  const status = /statuscode: (\d+)/.exec(error)?.[1];
  const refused = /connection refused/i.test(error);
  const timeout = /timeout|deadline exceeded|timed out/i.test(error);
  const declared = memory && memory.ports.length > 0 && port !== null ? memory.ports.includes(port) : null;
  const where = port === null ? '' : ` on port ${port}${path ?? ''}`;
  const how = status
    ? `it answers ${status}`
    : refused
      ? 'the connection is refused'
      : timeout
        ? 'it does not answer in time'
        : clause(error, 160);
  const restarted = kind !== 'Readiness' && (memory?.restartCount ?? 0) > 0;
  const mistake = mistakeOf(probe, error, port, memory?.ports ?? [], restarted);
  const undeclared = mistake === 'port' ? `; the container declares ${memory!.ports.join(', ')}, not ${port!}` : '';
  return {
    category: probeCategories[kind],
    entity: entityOf(hint),
    discriminator: kind,
    context: pod ? podContext(context.cluster, pod, container) : hint.k8s,
    message: `The ${kind.toLowerCase()} probe of container ${container ?? '?'} in pod ${involved.name} fails${where}: ${how}${undeclared}.`,
    attributes: {
      port,
      path,
      status: status ? Number(status) : null,
      probeError: clause(error),
      error: refused ? 'ECONNREFUSED' : timeout ? 'ETIMEDOUT' : null,
      declaredPort: declared,
      mistake,
      declaredPorts: memory?.ports.join(',') || null,
    },
  };
}

function noteProbeKill(hint: Hint): void {
  const memory = hint.pod?.containers.get(containerOf(hint) ?? '');
  if (memory && /failed (?:liveness|startup) probe/.test(hint.message)) memory.probeFailedMs = hint.atMs;
}

function volumeFailure(hint: Hint): Draft | null {
  const { message, involved, k8s, reason } = hint;
  const volume = /volume "([^"]+)"/.exec(message)?.[1] ?? null;
  const missing = /(configmap|secret|persistentvolumeclaim)s? "([^"]+)" not found/i.exec(message);
  const common = { context: k8s, discriminator: volume ?? '' };
  if (missing) {
    const kind = { configmap: 'ConfigMap', secret: 'Secret', persistentvolumeclaim: 'PersistentVolumeClaim' }[
      missing[1]!.toLowerCase() as 'configmap'
    ];
    const claim = kind === 'PersistentVolumeClaim';
    return {
      ...common,
      entity: involved,
      category: claim ? 'pvc.not-found' : 'config.object-missing',
      message: `Pod ${involved.name} cannot start: ${kind} ${missing[2]!}, which it mounts, does not exist.`,
      attributes: { missing: `${kind}/${missing[2]!}`, missingKind: kind, missingName: missing[2], volume },
    };
  }
  const key = /references non-existent (?:config|secret) key: ([^\s,]+)/.exec(message);
  if (key) {
    return {
      ...common,
      entity: involved,
      category: 'config.key-missing',
      message: `Pod ${involved.name} cannot start: a volume asks for key ${key[1]!}, which does not exist.`,
      attributes: { key: key[1], volume },
    };
  }
  // The pod has not been told of objects created a moment ago; the kubelet asks again.
  if (/object "[^"]+"\/"[^"]+" not registered|failed to sync (?:configmap|secret) cache/i.test(message)) return null;
  const driver = /driver name (\S+) not found in the list of registered CSI drivers/.exec(message)?.[1];
  if (driver !== undefined) {
    return {
      ...common,
      // All pods that want a volume of it wait for one and the same.
      entity: entityRef(hint.context.cluster, 'CSIDriver', null, driver),
      category: 'csi.driver-not-found',
      message: `CSI driver ${driver} is not registered on node ${hint.pod?.node ?? '?'}, and pod ${involved.name} waits for its volume.`,
      attributes: { driver, volume, victim: involved.id, error: clause(message) },
    };
  }
  if (
    /attach(?:ment)?s? limit|volume limit exceeded|maximum number of (?:attached )?volumes|ResourceExhausted.*[Aa]ttach/i.test(
      message,
    )
  ) {
    return {
      ...common,
      entity: involved,
      category: 'scheduling.volume-limit',
      message:
        `Volume ${volume ?? ''} of pod ${involved.name} cannot be attached: node ${hint.pod?.node ?? '?'} has as many as it may.`.replace(
          '  ',
          ' ',
        ),
      attributes: { volume, error: clause(message) },
    };
  }
  const claim = /(?:claim|PVC)[ "]+(?:[\w-]+\/)?([\w.-]+)/i.exec(message)?.[1] ?? null;
  const attach = reason === 'FailedAttachVolume' || /Multi-Attach/i.test(message);
  return {
    ...common,
    entity: involved,
    category: attach ? 'volume.attach-failed' : 'volume.mount-failed',
    message:
      `Volume ${volume ?? ''} of pod ${involved.name} cannot be ${attach ? 'attached' : 'mounted'}: ${clause(message.replace(/^.*?(?:failed for volume "[^"]+" : |failed: )/s, ''), 240)}.`.replace(
        '  ',
        ' ',
      ),
    attributes: { volume, claim, multiAttach: /Multi-Attach/i.test(message) || null, error: clause(message) },
  };
}
