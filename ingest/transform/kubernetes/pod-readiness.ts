import { fromEpochMs, toEpochMs } from '../../../src/model/time.js';
import type { ContainerView } from './containers.js';
import type { PodMemory, TransformContext } from '../context.js';
import type { Draft } from '../draft.js';
import type { Observed } from '../interpretation.js';
import { conditionOf, each, type ContainerStatus, type Pod, type PodSpec, type Probe } from './kubernetes-objects.js';
import { explainPlacement } from './node-fit.js';
import { classifyScheduling } from './scheduling.js';
import { clause, duration, list } from '../wording.js';

/** Image pull, volume set-up and the first start of a pod that nobody has reason to worry about. */
const startGraceMs = 20_000;

/** The scheduler's first "no" is often answered a moment later, by a volume binder or an autoscaler. */
const schedulingGraceMs = 2_000;

const unscheduledGraceMs = 30_000;

const creatingGraceMs = 45_000;

/** Migrations and downloads take minutes. */
const initGraceMs = 450_000;

/** Where the scheduler's text counts nodes by what excludes them first, the nodes themselves tell more. */
const placementCategories: ReadonlySet<string> = new Set([
  'scheduling.node-affinity',
  'scheduling.node-unschedulable',
  'scheduling.untolerated-taint',
]);

export function scheduling(observed: Observed<Pod>, pod: PodMemory, context: TransformContext): Draft[] {
  const { object, entity, k8s } = observed;
  const condition = conditionOf(object.status?.conditions, 'PodScheduled');
  if (object.spec?.nodeName) return pinned(observed, pod, context);
  if (condition?.status === 'True') return [];
  const common = {
    entity,
    context: k8s,
    startedAt: condition?.lastTransitionTime ?? object.metadata.creationTimestamp,
  };
  if (condition?.reason === 'SchedulingGated') {
    const gates = each(object.spec?.schedulingGates).map((gate) => gate.name);
    return [
      {
        ...common,
        category: 'scheduling.gated',
        holdMs: unscheduledGraceMs,
        message: `Pod ${pod.name} waits for ${gates.length === 0 ? 'a scheduling gate' : `scheduling gate ${list(gates)}`} to be removed.`,
        attributes: { gates: gates.join(',') || null },
      },
    ];
  }
  if (condition?.reason !== 'Unschedulable' && condition?.reason !== 'SchedulerError') {
    return [
      {
        ...common,
        category: 'scheduling.not-attempted',
        holdMs: unscheduledGraceMs,
        message: `Pod ${pod.name} waits and no scheduler has looked at it.`,
        attributes: { scheduler: object.spec?.schedulerName ?? 'default-scheduler' },
      },
    ];
  }
  const said = classifyScheduling(condition.message ?? '');
  const placed = placementCategories.has(said.category) ? explainPlacement(object.spec, context.nodes) : null;
  const failure = placed ? { ...placed, attributes: { ...said.attributes, ...placed.attributes } } : said;
  const claims = each(object.spec?.volumes).flatMap((volume) => volume.persistentVolumeClaim?.claimName ?? []);
  return [
    {
      ...common,
      category: failure.category,
      holdMs: schedulingGraceMs,
      message: `Pod ${pod.name} cannot be scheduled: ${failure.because}.`,
      attributes: {
        ...failure.attributes,
        claims: claims.join(',') || null,
        requested: requested(object.spec) || null,
        error: clause(condition.message ?? ''),
      },
    },
  ];
}

/** A pod that names its node itself goes past the scheduler, and waits for ever when there is no such node. */
function pinned({ object, entity, k8s }: Observed<Pod>, pod: PodMemory, { nodes }: TransformContext): Draft[] {
  const node = object.spec?.nodeName ?? '';
  const untouched = object.status?.phase === 'Pending' && object.status.startTime === undefined;
  // Without any node the two kinds are not listed yet.
  if (!untouched || nodes.size === 0 || nodes.has(node)) return [];
  return [
    {
      category: 'scheduling.node-not-found',
      entity,
      context: k8s,
      startedAt: object.metadata.creationTimestamp,
      holdMs: schedulingGraceMs,
      message: `Pod ${pod.name} is pinned to node ${node}, which does not exist.`,
      attributes: { missing: node },
    },
  ];
}

function requested(spec: PodSpec | undefined): string {
  const sums = new Map<string, string[]>();
  for (const container of each(spec?.containers)) {
    for (const [resource, amount] of Object.entries(container.resources?.requests ?? {}))
      sums.set(resource, [...(sums.get(resource) ?? []), amount]);
  }
  return [...sums].map(([resource, amounts]) => `${resource}=${amounts.join('+')}`).join(',');
}

export function readiness({ object, entity, k8s }: Observed<Pod>, pod: PodMemory, failing: boolean): Draft[] {
  const { status, spec } = object;
  const ready = conditionOf(status?.conditions, 'Ready');
  if (!spec?.nodeName || ready?.status === 'True') return [];
  const statuses = each(status?.containerStatuses);
  const creating = statuses.filter((one) => !one.state?.running && !one.state?.terminated);
  if (status?.phase === 'Pending' && !failing && creating.length > 0) {
    const startedAt = status.startTime ?? object.metadata.creationTimestamp;
    const initRuns = each(status.initContainerStatuses).find((one) => one.state?.running);
    // An init container with a restart policy of its own is a sidecar, and meant to run on.
    const sidecar = each(spec.initContainers).some(
      ({ name, restartPolicy }) => name === initRuns?.name && restartPolicy === 'Always',
    );
    if (initRuns && !sidecar) {
      const said = pod.containers.get(initRuns.name)?.lastWords?.text ?? null;
      const words = said === null ? '' : `; it said: ${clause(said, 200)}`;
      return [
        {
          category: 'container.init-hanging',
          entity,
          context: { ...k8s, container: initRuns.name },
          startedAt: initRuns.state?.running?.startedAt ?? startedAt,
          holdMs: initGraceMs,
          message: `Init container ${initRuns.name} of pod ${pod.name} runs on and on, and the pod cannot start${words}.`,
          attributes: { initContainer: initRuns.name, lastLog: said },
        },
      ];
    }
    return [
      {
        category: 'pod.pending',
        entity,
        context: k8s,
        startedAt,
        holdMs: creatingGraceMs,
        message: `Pod ${pod.name} is on node ${spec.nodeName} but its containers are not created.`,
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
  const probes = statuses.flatMap((one): Draft[] => {
    const failure = !one.ready && one.state?.running ? pod.containers.get(one.name)?.readinessFailure : null;
    if (!failure) return [];
    // Held back as long as the pod itself, whatever the time of the probe's failure.
    const leftMs = Math.max(0, startedMs + holdMs - toEpochMs(failure.startedAt ?? ''));
    return [{ ...failure, continues: true, holdMs: Number.isNaN(leftMs) ? holdMs : leftMs }];
  });
  return [
    ...probes,
    {
      category: 'pod.not-ready',
      entity,
      context: k8s,
      // Not ready since its creation is no sign of trouble; what is known to be wrong with it is from now.
      startedAt: !pod.everReady && failing ? null : (ready?.lastTransitionTime ?? object.metadata.creationTimestamp),
      holdMs,
      message: `Pod ${pod.name} is not ready: ${because}.`,
      attributes: { reason: ready?.reason, containers: unready.join(',') || null, gates: gates.join(',') || null },
    },
  ];
}

/** Turns within {@link flapWindowMs} that are more than a stumble. */
const flapTurns = 3;
const flapWindowMs = 30 * 60_000;

/** A pod that ceases to be ready again and again while its containers run. */
export function flapping(
  { object, entity, k8s, atMs }: Observed<Pod>,
  pod: PodMemory,
  containers: readonly ContainerView[],
): Draft[] {
  const ready = conditionOf(object.status?.conditions, 'Ready');
  const running = containers.every(({ status, init }) => init || status.state?.running);
  if (!pod.ready || ready?.status === 'True' || !running) return [];
  pod.readyLostMs = [...pod.readyLostMs.filter((lostMs) => atMs - lostMs < flapWindowMs), atMs];
  const turns = pod.readyLostMs.length;
  if (turns < flapTurns) return [];
  return [
    {
      category: 'pod.readiness-flapping',
      entity,
      context: k8s,
      startedAt: fromEpochMs(pod.readyLostMs[0]!),
      count: turns,
      message: `Pod ${pod.name} is ready and not ready in turns: ${turns} times within ${duration(atMs - pod.readyLostMs[0]!)}.`,
      attributes: { turns, intervalMs: flapWindowMs / flapTurns },
    },
  ];
}

/** What only Kubernetes Events say, for as long as the pod is in the state that they explain. */
export function setbacks({ object }: Observed<Pod>, pod: PodMemory): Draft[] {
  const statuses = [...each(object.status?.initContainerStatuses), ...each(object.status?.containerStatuses)];
  if (statuses.some((one) => one.state?.running ?? one.state?.terminated)) pod.setbacks.clear();
  return [...pod.setbacks.values()];
}

function latestStartMs(statuses: readonly ContainerStatus[]): number {
  return statuses.reduce((latest, one) => Math.max(latest, toEpochMs(one.state?.running?.startedAt ?? '') || 0), 0);
}

function startBudgetMs(spec: PodSpec): number {
  const budget = (probe: Probe | undefined) =>
    probe ? ((probe.initialDelaySeconds ?? 0) + (probe.periodSeconds ?? 10) * (probe.failureThreshold ?? 3)) * 1000 : 0;
  return (
    startGraceMs +
    Math.max(
      0,
      ...each(spec.containers).map((container) => budget(container.startupProbe) + budget(container.readinessProbe)),
    )
  );
}
