import { entityRef, type EntityRef } from '../../src/model/entity.js';
import { toEpochMs } from '../../src/model/time.js';
import { endId, readContainer, termination, type ContainerView } from './containers.js';
import { containerRef, podContext, workloadOf, type ContainerMemory, type PodMemory, type TransformContext } from './context.js';
import type { Draft } from './draft.js';
import { registryOf } from './image-pull.js';
import { relationsFrom, type Interpretation, type Observed } from './interpretation.js';
import {
  bareContainerId,
  conditionOf,
  each,
  type Container,
  type ContainerStatus,
  type Pod,
  type PodSpec,
  type Probe,
} from './kubernetes-objects.js';
import { classifyScheduling } from './scheduling.js';
import { clause, count, duration, list, quantity } from './wording.js';

/** Image pull, volume set-up and the first start of a pod that nobody has reason to worry about. */
const startGraceMs = 20_000;
/** The scheduler's first "no" is often answered a moment later, by a volume binder or an autoscaler. */
const schedulingGraceMs = 2_000;
const unscheduledGraceMs = 30_000;
const creatingGraceMs = 45_000;
/** Beyond the grace period that the pod itself asked for. */
const terminationSlackMs = 30_000;
/** An end that lies longer in the past than this when it is first seen is history. */
export const historyMs = 10 * 60_000;

export function readPod(observed: Observed<Pod>, context: TransformContext): Interpretation {
  const { object, entity, atMs } = observed;
  const pod = remember(observed, context);
  const status = object.status ?? {};
  const phase = status.phase ?? 'Unknown';
  const conditions = each(status.conditions);
  const ready = conditionOf(conditions, 'Ready');
  const problems: Draft[] = [];
  const events: Draft[] = [];
  const rechecks: number[] = [];

  const containers = views(observed, pod);
  events.push(...disruption(observed, pod));
  if (phase === 'Failed' || phase === 'Succeeded') {
    // What has ended is no standing problem: its controller decides whether anything is missing.
    if (!pod.finished) events.push(...finish(observed, pod, containers, context));
    pod.finished = true;
  } else {
    events.push(...restarts(containers, context));
    if (pod.terminating) {
      const dueMs = toEpochMs(object.metadata.deletionTimestamp!) + terminationSlackMs;
      if (atMs >= dueMs) problems.push(stuck(observed, pod));
      else rechecks.push(dueMs);
    } else {
      const wrong: Draft[] = [];
      for (const view of containers) {
        const reading = readContainer(view, context);
        wrong.push(...reading.problems);
        if (reading.recheckAtMs !== null) rechecks.push(reading.recheckAtMs);
      }
      problems.push(...wrong, ...scheduling(observed, pod), ...readiness(observed, pod, wrong.length > 0));
      for (const condition of conditions) {
        if (condition.type === 'PodResizePending' && condition.status === 'True' && condition.reason === 'Infeasible') {
          problems.push({
            category: 'object.condition-failed',
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
  if (ready?.status === 'True') pod.everReady = true;

  const { relations, optional } = podRelations(entity, object);
  const statuses = each(status.containerStatuses);
  return {
    facts: {
      phase,
      reason: status.reason,
      ip: status.podIP,
      node: object.spec?.nodeName,
      hostNetwork: object.spec?.hostNetwork ?? null,
      ready: ready?.status === 'True',
      terminating: pod.terminating || null,
      scheduled: conditionOf(conditions, 'PodScheduled')?.status === 'True',
      startedAt: status.startTime,
      restartCount: statuses.reduce((sum, one) => sum + (one.restartCount ?? 0), 0),
      restartPolicy: object.spec?.restartPolicy,
      ports: portsOf(each(object.spec?.containers)) || null,
      images: each(object.spec?.containers).map((container) => container.image ?? '').join(',') || null,
      workload: pod.workload?.name,
      workloadKind: pod.workload?.kind,
      ...optional,
    },
    relations,
    problems,
    events,
    recheckAtMs: rechecks.length > 0 ? Math.min(...rechecks) : null,
    also: containers.map((view) => containerFinding(view, context)),
  };
}

/** `http:8080,metrics:9090,9100`: declared container ports, with their names where they have one. */
export function portsOf(containers: readonly Container[]): string {
  return containers
    .flatMap((container) => each(container.ports))
    .map((port) => (port.name ? `${port.name}:${port.containerPort ?? ''}` : String(port.containerPort ?? '')))
    .join(',');
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
      node: null,
      workload: null,
      everReady: hadBeenReady(object),
      terminating: false,
      finished: false,
      disrupted: false,
      containers: new Map(),
    };
    context.podsByUid.set(uid, pod);
  }
  pod.node = spec?.nodeName ?? pod.node;
  pod.workload = workloadOf(context, metadata) ?? pod.workload;
  pod.terminating = metadata.deletionTimestamp !== undefined;
  for (const container of [...each(spec?.initContainers), ...each(spec?.containers)]) {
    const known = pod.containers.get(container.name);
    const memory: ContainerMemory = known ?? {
      restartCount: -1,
      containerId: null,
      image: null,
      ports: [],
      memoryLimitBytes: null,
      probeFailedMs: null,
      pull: null,
      lastWords: null,
      reportedEnd: null,
    };
    memory.image = container.image ?? null;
    memory.ports = each(container.ports).flatMap((port) => (port.containerPort === undefined ? [] : [port.containerPort]));
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
        ? [{ spec, status, init: init && spec?.restartPolicy !== 'Always', pod, memory, restartPolicy: spec?.restartPolicy ?? object.spec?.restartPolicy ?? 'Always', atMs }]
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
      attributes: { restartCount, exitCode: last?.exitCode, reason: last?.reason, containerId: bareContainerId(last?.containerID) },
      context: podContext(context.cluster, pod, status.name),
    });
  }
  return drafts;
}

function finish(observed: Observed<Pod>, pod: PodMemory, containers: readonly ContainerView[], context: TransformContext): Draft[] {
  const { object, entity, atMs, action, k8s } = observed;
  const status = object.status ?? {};
  const drafts: Draft[] = [];
  for (const view of containers) {
    view.memory.restartCount = view.status.restartCount ?? 0;
    const ended = view.status.state?.terminated;
    const end = ended && !pod.terminating ? termination(view, ended, context, false) : null;
    if (end) drafts.push(end);
  }
  const disturbed = pod.disrupted || status.reason === 'Evicted' || status.reason === 'Preempting';
  if (status.phase === 'Failed' && !disturbed && !pod.terminating) {
    drafts.push({
      category: 'pod.failed',
      entity,
      startedAt: conditionOf(status.conditions, 'Ready')?.lastTransitionTime,
      message: `Pod ${pod.name} failed${status.reason ? ` (${status.reason})` : ''}${status.message ? `: ${clause(status.message)}` : ''}.`,
      attributes: { reason: status.reason, workload: pod.workload?.name },
      context: k8s,
    });
  }
  const recent = (draft: Draft) => {
    const startedMs = toEpochMs(draft.startedAt ?? '');
    return action !== 'SYNC' || atMs - startedMs < historyMs;
  };
  return drafts.filter(recent);
}

/** Evictions and preemptions: the pod goes for the sake of something else. A drain through the eviction API is nobody's failure. */
function disruption(observed: Observed<Pod>, pod: PodMemory): Draft[] {
  const { object, entity, k8s, action, atMs } = observed;
  const status = object.status ?? {};
  const target = conditionOf(status.conditions, 'DisruptionTarget');
  const evicted = status.reason === 'Evicted' || (target?.status === 'True' && target.reason === 'TerminationByKubelet');
  const preempted = target?.status === 'True' && target.reason === 'PreemptionByScheduler';
  const tainted = target?.status === 'True' && target.reason === 'DeletionByTaintManager';
  if (pod.disrupted || (!evicted && !preempted && !tainted)) return [];
  pod.disrupted = true;
  const startedAt = target?.lastTransitionTime ?? null;
  if (action === 'SYNC' && !(atMs - toEpochMs(startedAt ?? '') < historyMs)) return [];
  const message = (evicted ? (status.message ?? target?.message) : target?.message) ?? '';
  return [evictionDraft(entity, pod.name, message, preempted ? 'preempted' : tainted ? 'tainted' : 'evicted', k8s, startedAt)];
}

export function evictionDraft(
  entity: EntityRef,
  pod: string,
  message: string,
  how: 'evicted' | 'preempted' | 'tainted',
  context: Draft['context'],
  startedAt: string | null,
): Draft {
  const common = { entity, context, startedAt };
  if (how === 'preempted') {
    return { ...common, category: 'pod.preempted', message: `Pod ${pod} had to make room for a pod of higher priority.`, attributes: { reason: clause(message) } };
  }
  if (how === 'tainted') {
    return { ...common, category: 'pod.evicted', message: `Pod ${pod} was removed from its node because of a taint it does not tolerate.`, attributes: { resource: 'taint' } };
  }
  if (/ephemeral[- ](?:local )?storage (?:usage|limit)|local ephemeral storage|Usage of EmptyDir volume/i.test(message) && !/was low on resource/i.test(message)) {
    return { ...common, category: 'pod.ephemeral-storage-exceeded', message: `Pod ${pod} was evicted for using too much local storage: ${clause(message)}.`, attributes: { resource: 'ephemeral-storage' } };
  }
  const resource = /low on resource: ([\w.-]+\w)/.exec(message)?.[1] ?? null;
  return {
    ...common,
    category: 'pod.evicted',
    message: resource ? `Pod ${pod} was evicted because its node was low on ${resource}.` : `Pod ${pod} was evicted: ${clause(message) || 'no reason given'}.`,
    attributes: { resource, reason: clause(message) },
  };
}

function stuck({ object, entity, k8s, atMs }: Observed<Pod>, pod: PodMemory): Draft {
  const finalizers = finalizersOf(object);
  return {
    category: 'pod.stuck-terminating',
    entity,
    startedAt: object.metadata.deletionTimestamp,
    message: `Pod ${pod.name} should have been gone for ${duration(atMs - toEpochMs(object.metadata.deletionTimestamp!))}${
      finalizers.length > 0 ? `; finalizers hold it: ${list(finalizers)}` : ''
    }.`,
    attributes: { finalizers: finalizers.join(',') || null },
    context: k8s,
  };
}

export function finalizersOf({ metadata }: Pick<Pod, 'metadata'>): readonly string[] {
  return each((metadata as { readonly finalizers?: readonly string[] }).finalizers);
}

function scheduling({ object, entity, k8s }: Observed<Pod>, pod: PodMemory): Draft[] {
  const condition = conditionOf(object.status?.conditions, 'PodScheduled');
  if (condition?.status === 'True' || object.spec?.nodeName) return [];
  const common = { entity, context: k8s, startedAt: condition?.lastTransitionTime ?? object.metadata.creationTimestamp };
  if (condition?.reason === 'SchedulingGated') {
    return [{ ...common, category: 'scheduling.gated', holdMs: unscheduledGraceMs, message: `Pod ${pod.name} waits for a scheduling gate to be removed.` }];
  }
  if (condition?.reason !== 'Unschedulable' && condition?.reason !== 'SchedulerError') {
    return [{ ...common, category: 'pod.pending', holdMs: unscheduledGraceMs, message: `Pod ${pod.name} waits and no scheduler has looked at it.` }];
  }
  const failure = classifyScheduling(condition.message ?? '');
  const claims = each(object.spec?.volumes).flatMap((volume) => volume.persistentVolumeClaim?.claimName ?? []);
  return [
    {
      ...common,
      category: failure.category,
      holdMs: schedulingGraceMs,
      message: `Pod ${pod.name} cannot be scheduled: ${failure.because}.`,
      attributes: { ...failure.attributes, claims: claims.join(',') || null, requested: requested(object.spec) || null, error: clause(condition.message ?? '') },
    },
  ];
}

function requested(spec: PodSpec | undefined): string {
  const sums = new Map<string, string[]>();
  for (const container of each(spec?.containers)) {
    for (const [resource, amount] of Object.entries(container.resources?.requests ?? {})) sums.set(resource, [...(sums.get(resource) ?? []), amount]);
  }
  return [...sums].map(([resource, amounts]) => `${resource}=${amounts.join('+')}`).join(',');
}

function readiness({ object, entity, k8s }: Observed<Pod>, pod: PodMemory, failing: boolean): Draft[] {
  const { status, spec } = object;
  const ready = conditionOf(status?.conditions, 'Ready');
  if (!spec?.nodeName || ready?.status === 'True') return [];
  const statuses = each(status?.containerStatuses);
  const creating = statuses.filter((one) => !one.state?.running && !one.state?.terminated);
  if (status?.phase === 'Pending' && !failing && creating.length > 0) {
    const initRuns = each(status.initContainerStatuses).find((one) => one.state?.running);
    return [
      {
        category: 'pod.pending',
        entity,
        context: k8s,
        startedAt: status.startTime ?? object.metadata.creationTimestamp,
        holdMs: initRuns ? 10 * creatingGraceMs : creatingGraceMs,
        message: initRuns
          ? `Pod ${pod.name} still waits for its init container ${initRuns.name}.`
          : `Pod ${pod.name} is on node ${spec.nodeName} but its containers are not created.`,
        attributes: { initContainer: initRuns?.name },
      },
    ];
  }
  const unready = statuses.filter((one) => !one.ready).map((one) => one.name);
  const gates = each(spec.readinessGates)
    .map((gate) => gate.conditionType)
    .filter((type) => conditionOf(status?.conditions, type)?.status !== 'True');
  const startedMs = toEpochMs(ready?.lastTransitionTime ?? object.metadata.creationTimestamp ?? '');
  // A pod that has never been ready gets the time its probes allow, unless something about it is already known to be wrong.
  const holdMs = pod.everReady || failing ? 0 : startBudgetMs(spec) + Math.max(0, latestStartMs(statuses) - startedMs);
  const because =
    unready.length > 0
      ? `container ${list(unready)} ${unready.length > 1 ? 'are' : 'is'} not ready`
      : gates.length > 0
        ? `readiness gate ${list(gates)} is not met`
        : clause(ready?.message ?? ready?.reason ?? 'no reason given');
  return [
    {
      category: 'pod.not-ready',
      entity,
      context: k8s,
      startedAt: ready?.lastTransitionTime ?? object.metadata.creationTimestamp,
      holdMs,
      message: `Pod ${pod.name} is not ready: ${because}.`,
      attributes: { reason: ready?.reason, containers: unready.join(',') || null, gates: gates.join(',') || null },
    },
  ];
}

function latestStartMs(statuses: readonly ContainerStatus[]): number {
  return statuses.reduce((latest, one) => Math.max(latest, toEpochMs(one.state?.running?.startedAt ?? '') || 0), 0);
}

function startBudgetMs(spec: PodSpec): number {
  const budget = (probe: Probe | undefined) =>
    probe ? ((probe.initialDelaySeconds ?? 0) + (probe.periodSeconds ?? 10) * (probe.failureThreshold ?? 3)) * 1000 : 0;
  return startGraceMs + Math.max(0, ...each(spec.containers).map((container) => budget(container.startupProbe) + budget(container.readinessProbe)));
}

function podRelations(entity: EntityRef, { metadata, spec }: Pod): { relations: NonNullable<Interpretation['relations']>; optional: Record<string, boolean> } {
  const relations = relationsFrom(entity);
  const namespace = entity.namespace;
  for (const owner of metadata.ownerReferences ?? []) {
    if (owner.kind !== 'Node') relations.from('OWNS', owner.kind, namespace, owner.name);
  }
  relations.to('RUNS_ON', 'Node', null, spec?.nodeName);
  const optional = specRelations(relations, namespace, spec);
  for (const container of [...each(spec?.initContainers), ...each(spec?.containers)]) {
    relations.to('OWNS', 'Container', namespace, `${entity.name}/${container.name}`);
  }
  return { relations: relations.all(), optional };
}

/** What a pod or pod template depends on. Returns the facts that mark references that may be missing. */
export function specRelations(relations: ReturnType<typeof relationsFrom>, namespace: string | null, spec: PodSpec | undefined): Record<string, boolean> {
  const optional: Record<string, boolean> = {};
  const uses = (kind: 'ConfigMap' | 'Secret', reference: { readonly name?: string; readonly optional?: boolean } | undefined) => {
    if (!reference?.name) return;
    relations.to('USES', kind, namespace, reference.name);
    const fact = `optional:${kind}/${reference.name}`;
    if (reference.optional) optional[fact] ??= true;
    else optional[fact] = false;
  };
  if (spec) relations.to('USES', 'ServiceAccount', namespace, spec.serviceAccountName ?? 'default');
  relations.to('USES', 'PriorityClass', null, spec?.priorityClassName);
  for (const reference of each(spec?.imagePullSecrets)) uses('Secret', { ...reference, optional: true });
  for (const volume of each(spec?.volumes)) {
    uses('ConfigMap', volume.configMap);
    if (volume.secret) uses('Secret', { name: volume.secret.secretName ?? '', optional: volume.secret.optional ?? false });
    for (const source of each(volume.projected?.sources)) {
      // Every pod has the cluster's CA in its token volume; a change of it explains nothing.
      if (source.configMap?.name !== 'kube-root-ca.crt') uses('ConfigMap', source.configMap);
      uses('Secret', source.secret);
    }
    relations.to('MOUNTS', 'PersistentVolumeClaim', namespace, volume.persistentVolumeClaim?.claimName);
  }
  for (const container of [...each(spec?.initContainers), ...each(spec?.containers)]) {
    for (const from of each(container.envFrom)) {
      uses('ConfigMap', from.configMapRef);
      uses('Secret', from.secretRef);
    }
    for (const variable of each(container.env)) {
      uses('ConfigMap', variable.valueFrom?.configMapKeyRef);
      uses('Secret', variable.valueFrom?.secretKeyRef);
    }
    if (container.image) relations.to('USES', 'Registry', null, registryOf(container.image));
  }
  // Only what may be missing needs saying.
  return Object.fromEntries(Object.entries(optional).filter(([, isOptional]) => isOptional));
}

function containerFinding(view: ContainerView, context: TransformContext): NonNullable<Interpretation['also']>[number] {
  const { pod, status, spec, init } = view;
  const state = status.state?.running ? 'running' : status.state?.terminated ? 'terminated' : 'waiting';
  const facts: Record<string, string | number | boolean> = {
    state,
    ready: status.ready ?? false,
    restartCount: status.restartCount ?? 0,
    init,
  };
  const put = (name: string, value: string | number | null | undefined) => {
    if (value !== null && value !== undefined && value !== '') facts[name] = value;
  };
  put('image', spec?.image ?? status.image);
  put('imageId', status.imageID);
  put('containerId', bareContainerId(status.containerID));
  put('ports', spec ? portsOf([spec]) : '');
  put('memoryLimit', spec?.resources?.limits?.memory);
  put('cpuLimit', spec?.resources?.limits?.cpu);
  const readinessPort = spec?.readinessProbe?.httpGet?.port ?? spec?.readinessProbe?.tcpSocket?.port;
  const livenessPort = spec?.livenessProbe?.httpGet?.port ?? spec?.livenessProbe?.tcpSocket?.port;
  put('readinessPort', readinessPort);
  put('livenessPort', livenessPort);
  return {
    entity: containerRef(context.cluster, pod.namespace, pod.name, status.name),
    deleted: false,
    createdAt: null,
    labels: {},
    facts,
    selector: null,
    relations: [{ type: 'OWNS', from: entityRef(context.cluster, 'Pod', pod.namespace, pod.name).id, to: containerRef(context.cluster, pod.namespace, pod.name, status.name).id }],
  };
}
