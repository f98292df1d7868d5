import { toEpochMs } from '../../../src/model/time.js';
import { endId, leak, readContainer, termination, type ContainerView } from './containers.js';
import {
  containerRef,
  podContext,
  workloadOf,
  type ContainerMemory,
  type PodMemory,
  type TransformContext,
} from '../context.js';
import { componentOf, rememberApiServer } from './control-plane.js';
import type { Draft } from '../draft.js';
import { movedTags } from './image-digests.js';
import type { Interpretation, Observed } from '../interpretation.js';
import {
  bareContainerId,
  conditionOf,
  each,
  type Container,
  type ContainerStatus,
  type Pod,
} from './kubernetes-objects.js';
import { disruption, finish, overstayed, stuck, terminationSlackMs } from './pod-ends.js';
import { flapping, readiness, scheduling, setbacks } from './pod-readiness.js';
import { containerFinding, podRelations, portsOf, protocolsOf } from './pod-spec.js';
import { failedOver } from '../store-roles.js';
import { clause, count, quantity } from '../wording.js';

/** One pod with its containers: what it is, what it depends on, and everything wrong with it now. */
export function readPod(observed: Observed<Pod>, context: TransformContext): Interpretation {
  const { object, entity, atMs } = observed;
  const pod = remember(observed, context);
  if (componentOf(object.metadata) === 'kube-apiserver') rememberApiServer(observed, context);
  const status = object.status ?? {};
  const phase = status.phase ?? 'Unknown';
  const conditions = each(status.conditions);
  const ready = conditionOf(conditions, 'Ready');
  const problems: Draft[] = [];
  const events: Draft[] = [];
  const rechecks: number[] = [];

  const containers = views(observed, pod);
  events.push(...movedTags(observed, pod, context));
  events.push(...disruption(observed, pod));
  if (phase === 'Failed' || phase === 'Succeeded') {
    // What has ended is no standing problem: its controller decides whether anything is missing.
    if (!pod.finished) events.push(...finish(observed, pod, containers, context));
    pod.finished = true;
  } else {
    events.push(...restarts(containers, context));
    if (pod.terminating) {
      events.push(...overstayed(observed, containers));
      const dueMs = toEpochMs(object.metadata.deletionTimestamp!) + terminationSlackMs;
      if (atMs >= dueMs) problems.push(stuck(observed, pod));
      else rechecks.push(dueMs);
    } else {
      const wrong: Draft[] = [];
      events.push(...flapping(observed, pod, containers));
      for (const view of containers) {
        const last = view.status.state?.terminated ?? view.status.lastState?.terminated;
        const grows = last && leak(view, last, context);
        if (grows) events.push(grows);
        const reading = readContainer(view, context);
        wrong.push(...reading.problems);
        if (reading.recheckAtMs !== null) rechecks.push(reading.recheckAtMs);
      }
      problems.push(
        ...wrong,
        ...setbacks(observed, pod),
        ...scheduling(observed, pod, context),
        ...readiness(observed, pod, wrong.length > 0),
      );
      for (const condition of conditions) {
        if (condition.type === 'PodResizePending' && condition.status === 'True' && condition.reason === 'Infeasible') {
          problems.push({
            category: 'pod.resize-infeasible',
            entity,
            discriminator: condition.type,
            startedAt: condition.lastTransitionTime,
            message: `Pod ${pod.name} cannot be resized in place: ${clause(condition.message ?? condition.reason)}.`,
            context: observed.k8s,
          });
        }
      }
    }
  }
  pod.ready = ready?.status === 'True';
  if (pod.ready) {
    pod.everReady = true;
    for (const memory of pod.containers.values()) memory.readinessFailure = null;
  }

  const { relations, optional } = podRelations(entity, object);
  const statuses = each(status.containerStatuses);
  return {
    facts: {
      phase,
      reason: status.reason,
      ip: status.podIP,
      node: object.spec?.nodeName,
      hostNetwork: object.spec?.hostNetwork ?? null,
      // The default of pods that share their node's network is ClusterFirst as well, and means Default.
      dnsPolicy:
        object.spec?.hostNetwork || object.spec?.dnsPolicy === 'ClusterFirst' ? null : (object.spec?.dnsPolicy ?? null),
      ready: ready?.status === 'True',
      readyAt: ready?.status === 'True' ? ready.lastTransitionTime : null,
      terminating: pod.terminating || null,
      scheduled: conditionOf(conditions, 'PodScheduled')?.status === 'True',
      startedAt: status.startTime,
      restartCount: statuses.reduce((sum, one) => sum + (one.restartCount ?? 0), 0),
      restartPolicy: object.spec?.restartPolicy,
      ports: portsOf(each(object.spec?.containers)) || null,
      protocols: protocolsOf(each(object.spec?.containers)),
      images:
        each(object.spec?.containers)
          .map((container) => container.image ?? '')
          .join(',') || null,
      workload: pod.workload?.name,
      workloadKind: pod.workload?.kind,
      ...optional,
    },
    relations,
    problems,
    events: [...events, ...failedOver(observed)],
    recheckAtMs: rechecks.length > 0 ? Math.min(...rechecks) : null,
    also: containers.map((view) => containerFinding(view, context)),
  };
}

export function forgetPod(uid: string, context: TransformContext): void {
  const pod = context.podsByUid.get(uid);
  if (!pod) return;
  context.podsByUid.delete(uid);
  for (const [id, place] of context.containers) if (place.pod === pod) context.containers.delete(id);
}

function remember({ object }: Observed<Pod>, context: TransformContext): PodMemory {
  const { metadata, spec, status } = object;
  const uid = metadata.uid ?? `${metadata.namespace ?? ''}/${metadata.name}`;
  let pod = context.podsByUid.get(uid);
  if (!pod) {
    pod = {
      uid,
      name: metadata.name,
      namespace: metadata.namespace ?? 'default',
      createdMs: toEpochMs(metadata.creationTimestamp ?? ''),
      node: null,
      workload: null,
      everReady: hadBeenReady(object),
      terminating: false,
      finished: false,
      disrupted: false,
      ready: false,
      readyLostMs: [],
      labels: {},
      mounts: [],
      setbacks: new Map(),
      containers: new Map(),
    };
    context.podsByUid.set(uid, pod);
  }
  pod.node = spec?.nodeName ?? pod.node;
  pod.workload = workloadOf(context, metadata) ?? pod.workload;
  pod.terminating = metadata.deletionTimestamp !== undefined;
  pod.labels = metadata.labels ?? {};
  pod.mounts = claimMounts(spec);
  for (const container of [...each(spec?.initContainers), ...each(spec?.containers)]) {
    const known = pod.containers.get(container.name);
    const memory: ContainerMemory = known ?? {
      restartCount: -1,
      containerId: null,
      image: null,
      ports: [],
      probes: {},
      memoryLimitBytes: null,
      probeFailedMs: null,
      readinessFailure: null,
      pull: null,
      pullSecret: null,
      lastWords: null,
      reportedEnd: null,
      oomRuns: [],
    };
    memory.image = container.image ?? null;
    memory.ports = each(container.ports).flatMap((port) =>
      port.containerPort === undefined ? [] : [port.containerPort],
    );
    memory.probes = {
      ...(container.livenessProbe && { Liveness: container.livenessProbe }),
      ...(container.readinessProbe && { Readiness: container.readinessProbe }),
      ...(container.startupProbe && { Startup: container.startupProbe }),
    };
    memory.memoryLimitBytes = quantity(container.resources?.limits?.memory);
    if (!known) pod.containers.set(container.name, memory);
  }
  for (const one of [...each(status?.initContainerStatuses), ...each(status?.containerStatuses)]) {
    const memory = pod.containers.get(one.name);
    const id = bareContainerId(one.containerID);
    if (!memory || id === null || memory.containerId === id) continue;
    memory.containerId = id;
    context.containers.set(id, { pod, container: one.name });
  }
  return pod;
}

/** At the first sight of a pod that is not ready: it was, when that has changed since it was started. */
function hadBeenReady({ status }: Pod): boolean {
  const ready = conditionOf(status?.conditions, 'Ready');
  if (ready?.status === 'True') return true;
  const sinceMs = toEpochMs(ready?.lastTransitionTime ?? '') - toEpochMs(status?.startTime ?? '');
  return sinceMs > 5_000;
}

function views({ object, atMs }: Observed<Pod>, pod: PodMemory): ContainerView[] {
  const read = (specs: readonly Container[], statuses: readonly ContainerStatus[], init: boolean) =>
    statuses.flatMap((status): ContainerView[] => {
      const memory = pod.containers.get(status.name);
      const spec = specs.find((container) => container.name === status.name) ?? null;
      // An init container with its own restart policy is a sidecar: it is meant to run on.
      return memory
        ? [
            {
              spec,
              status,
              init: init && spec?.restartPolicy !== 'Always',
              pod,
              memory,
              restartPolicy: spec?.restartPolicy ?? object.spec?.restartPolicy ?? 'Always',
              atMs,
            },
          ]
        : [];
    });
  return [
    ...read(each(object.spec?.initContainers), each(object.status?.initContainerStatuses), true),
    ...read(each(object.spec?.containers), each(object.status?.containerStatuses), false),
  ];
}

/** Restart counts that have grown, and the end before each when the container already runs again. */
function restarts(containers: readonly ContainerView[], context: TransformContext): Draft[] {
  const drafts: Draft[] = [];
  for (const view of containers) {
    const { status, memory, pod } = view;
    const restartCount = status.restartCount ?? 0;
    const before = memory.restartCount;
    memory.restartCount = restartCount;
    if (before < 0 || restartCount <= before) continue;
    const last = status.lastState?.terminated;
    if (last && status.state?.running && endId(last) !== memory.reportedEnd) {
      const end = termination(view, last, context, false);
      if (end) drafts.push(end);
      memory.reportedEnd = endId(last);
    }
    drafts.push({
      category: 'container.restarted',
      entity: containerRef(context.cluster, pod.namespace, pod.name, status.name),
      discriminator: `${status.name} ${restartCount}`,
      startedAt: status.state?.running?.startedAt,
      message: `Container ${status.name} of pod ${pod.name} was restarted (${count(restartCount, 'restart')} so far).`,
      attributes: {
        restartCount,
        exitCode: last?.exitCode,
        reason: last?.reason,
        containerId: bareContainerId(last?.containerID),
      },
      context: podContext(context.cluster, pod, status.name),
    });
  }
  return drafts;
}

function claimMounts(spec: Pod['spec']): PodMemory['mounts'] {
  const claims = new Map(
    each(spec?.volumes).flatMap(({ name, persistentVolumeClaim: claim }) =>
      claim?.claimName ? [[name, claim.claimName] as const] : [],
    ),
  );
  if (claims.size === 0) return noMounts;
  return [...each(spec?.initContainers), ...each(spec?.containers)].flatMap((container) =>
    each(container.volumeMounts).flatMap(({ name, mountPath }) => {
      const claim = claims.get(name);
      return claim === undefined || mountPath === undefined
        ? []
        : [{ container: container.name, path: mountPath, claim }];
    }),
  );
}

const noMounts: PodMemory['mounts'] = [];
