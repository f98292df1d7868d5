import type { EntityRef } from '../../../src/model/entity.js';
import { toEpochMs } from '../../../src/model/time.js';
import { termination, type ContainerView } from './containers.js';
import type { PodMemory, TransformContext } from '../context.js';
import type { Draft } from '../draft.js';
import type { Observed } from '../interpretation.js';
import { conditionOf, each, type Pod } from './kubernetes-objects.js';
import { clause, duration, list } from '../wording.js';

/** Beyond the grace period that the pod itself asked for. */
export const terminationSlackMs = 30_000;

/** An end that lies longer in the past than this when it is first seen is history. */
export const historyMs = 10 * 60_000;

export function finish(
  observed: Observed<Pod>,
  pod: PodMemory,
  containers: readonly ContainerView[],
  context: TransformContext,
): Draft[] {
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
    const rejected = rejection(entity, status.reason ?? '', status.message ?? '', k8s);
    drafts.push({
      category: 'pod.failed',
      entity,
      startedAt: conditionOf(status.conditions, 'Ready')?.lastTransitionTime,
      message: `Pod ${pod.name} failed${status.reason ? ` (${status.reason})` : ''}${status.message ? `: ${clause(status.message)}` : ''}.`,
      attributes: { reason: status.reason, workload: pod.workload?.name },
      context: k8s,
      ...rejected,
    });
  }
  const recent = (draft: Draft) => {
    const startedMs = toEpochMs(draft.startedAt ?? '');
    return action !== 'SYNC' || atMs - startedMs < historyMs;
  };
  return drafts.filter(recent);
}

/** Evictions and preemptions: the pod goes for the sake of something else. A drain through the eviction API is nobody's failure. */
export function disruption(observed: Observed<Pod>, pod: PodMemory): Draft[] {
  const { object, entity, k8s, action, atMs } = observed;
  const status = object.status ?? {};
  const target = conditionOf(status.conditions, 'DisruptionTarget');
  const evicted =
    status.reason === 'Evicted' || (target?.status === 'True' && target.reason === 'TerminationByKubelet');
  const preempted = target?.status === 'True' && target.reason === 'PreemptionByScheduler';
  const tainted = target?.status === 'True' && target.reason === 'DeletionByTaintManager';
  if (pod.disrupted || (!evicted && !preempted && !tainted)) return [];
  pod.disrupted = true;
  const startedAt = target?.lastTransitionTime ?? null;
  if (action === 'SYNC' && !(atMs - toEpochMs(startedAt ?? '') < historyMs)) return [];
  const message = (evicted ? (status.message ?? target?.message) : target?.message) ?? '';
  return [
    evictionDraft(entity, pod.name, message, preempted ? 'preempted' : tainted ? 'tainted' : 'evicted', k8s, startedAt),
  ];
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
    return {
      ...common,
      category: 'pod.preempted',
      message: `Pod ${pod} had to make room for a pod of higher priority.`,
      attributes: { reason: clause(message) },
    };
  }
  if (how === 'tainted') {
    return {
      ...common,
      category: 'pod.evicted',
      message: `Pod ${pod} was removed from its node because of a taint it does not tolerate.`,
      attributes: { resource: 'taint' },
    };
  }
  if (
    /ephemeral[- ](?:local )?storage (?:usage|limit)|local ephemeral storage|Usage of EmptyDir volume/i.test(message) &&
    !/was low on resource/i.test(message)
  ) {
    return {
      ...common,
      category: 'pod.ephemeral-storage-exceeded',
      message: `Pod ${pod} was evicted for using too much local storage: ${clause(message)}.`,
      attributes: { resource: 'ephemeral-storage' },
    };
  }
  const resource = /low on resource: ([\w.-]+\w)/.exec(message)?.[1] ?? null;
  return {
    ...common,
    category: 'pod.evicted',
    message: resource
      ? `Pod ${pod} was evicted because its node was low on ${resource}.`
      : `Pod ${pod} was evicted: ${clause(message) || 'no reason given'}.`,
    attributes: { resource, reason: clause(message) },
  };
}

/** Reasons of the kubelet's admission (pkg/kubelet/lifecycle, cm/devicemanager, cm/topologymanager, shutdown). */
const rejections =
  /^(?:OutOf\S+|UnexpectedAdmissionError|NodeAffinity|NodeName|NodePorts|HostPortConflict|TopologyAffinityError|ContainerScopeTopologyAffinityError|SMTAlignmentError|PodOSNotSupported|PodFeatureUnsupported|InsufficientFreeCPUs|FailedPrepareDynamicResources|UnpreparedDynamicResources)$/;

/** A pod that its node does not take, although the scheduler placed it there; null for other reasons. */
export function rejection(entity: EntityRef, reason: string, message: string, context: Draft['context']): Draft | null {
  if (!rejections.test(reason)) return null;
  const device =
    /DynamicResources$/.test(reason) ||
    /Allocate failed|allocate unhealthy devices|no healthy devices|device plugin/i.test(message);
  const because = clause(message.replace(/^Pod was rejected: /, '')) || reason;
  const resource =
    /resource: ([\w./-]+\w)/.exec(message)?.[1] ?? /devices? ([\w.-]+\/[\w.-]+\w)/.exec(message)?.[1] ?? null;
  return {
    category: device ? 'pod.device-unavailable' : 'pod.rejected-by-node',
    entity,
    context,
    message: device
      ? `Pod ${entity.name} cannot have the device that it asks for: ${because}.`
      : `Pod ${entity.name} was rejected by its node (${reason}): ${because}.`,
    attributes: { reason, resource },
  };
}

/** Containers that were asked to stop, used up the whole grace period, and were killed. */
export function overstayed({ object, entity, k8s }: Observed<Pod>, containers: readonly ContainerView[]): Draft[] {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = object.metadata;
  // deletionTimestamp is when the grace period ends; status keeps whole seconds. Without grace nobody was asked.
  const dueMs = toEpochMs(deletionTimestamp ?? '') - 1_000;
  return containers.flatMap(({ status }): Draft[] => {
    const { exitCode, reason, finishedAt } = status.state?.terminated ?? {};
    if (exitCode !== 137 || reason === 'OOMKilled' || deletionGracePeriodSeconds < 2) return [];
    if (!(toEpochMs(finishedAt ?? '') >= dueMs)) return [];
    return [gracePeriodDraft(entity, status.name, k8s, finishedAt ?? null, deletionGracePeriodSeconds)];
  });
}

export function gracePeriodDraft(
  pod: EntityRef,
  container: string | null,
  context: Draft['context'],
  startedAt: string | null,
  graceS: number | null,
): Draft {
  const who = container === null ? `Pod ${pod.name}` : `Container ${container} of pod ${pod.name}`;
  return {
    category: 'container.grace-period-exceeded',
    entity: pod,
    discriminator: container ?? '',
    context: { ...context, container },
    startedAt,
    message: `${who} did not stop within its grace period${graceS === null ? '' : ` of ${graceS} s`}, and was killed.`,
    attributes: { graceS },
  };
}

export function stuck({ object, entity, k8s, atMs }: Observed<Pod>, pod: PodMemory): Draft {
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
