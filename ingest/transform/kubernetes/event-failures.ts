import { entityRef } from '../../../src/model/entity.js';
import { podContext } from '../context.js';
import type { Draft } from '../draft.js';
import { classifyPull } from './image-pull.js';
import { evictionDraft } from './pod-ends.js';
import { mistakeOf, portOfProbe } from './probe-mistakes.js';
import { journalTexts } from '../../detect/journal-texts.js';
import { clause } from '../wording.js';

import { containerOf, entityOf, type Hint } from './event-hint.js';

/** A back-off does not repeat why the pull before it failed: the Event of that pull does. It is told with the pod's state. */
export function pullFailure({ reason, message, pod, fieldPath, involved, k8s, context }: Hint): Draft | null {
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

/** A victim that is seen says so itself; who took its place only the Event knows. */
export function preemption({ message, involved, pod, k8s, context }: Hint): Draft {
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

/** Events of node-problem-detector carry the line of the kernel's ring that they are about. */
export function kernelComplaint({ message, involved, k8s }: Hint): Draft | null {
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

export function scaleUpRefused({ message, involved, k8s }: Hint): Draft | null {
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

const probeCategories = {
  Liveness: 'probe.liveness-failed',
  Readiness: 'probe.readiness-failed',
  Startup: 'probe.startup-failed',
} as const;

export function probeFailure(hint: Hint): Draft | null {
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

export function noteProbeKill(hint: Hint): void {
  const memory = hint.pod?.containers.get(containerOf(hint) ?? '');
  if (memory && /failed (?:liveness|startup) probe/.test(hint.message)) memory.probeFailedMs = hint.atMs;
}

export function volumeFailure(hint: Hint): Draft | null {
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
