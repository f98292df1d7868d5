import type { KubernetesObject } from '../../../src/model/payloads.js';
import type { TransformContext } from '../context.js';
import type { Draft } from '../draft.js';
import { relationsFrom, type Interpretation, type Observed } from '../interpretation.js';
import { conditionOf, each, type Condition } from './kubernetes-objects.js';
import { clause } from '../wording.js';

interface MetricSpec {
  readonly type: string;
  readonly resource?: { readonly name?: string; readonly target?: { readonly averageUtilization?: number } };
}

interface MetricStatus {
  readonly resource?: { readonly name?: string; readonly current?: { readonly averageUtilization?: number } };
}

interface Autoscaler extends KubernetesObject {
  readonly spec?: {
    readonly scaleTargetRef?: { readonly kind?: string; readonly name?: string };
    readonly minReplicas?: number;
    readonly maxReplicas?: number;
    readonly metrics?: readonly MetricSpec[];
  };
  readonly status?: {
    readonly currentReplicas?: number;
    readonly desiredReplicas?: number;
    readonly currentMetrics?: readonly MetricStatus[] | null;
    readonly conditions?: readonly Condition[];
  };
}

const noRequest = /missing request for (\S+) in container (\S+)/;

const metricsApis: Readonly<Record<string, string>> = {
  Resource: 'v1beta1.metrics.k8s.io',
  ContainerResource: 'v1beta1.metrics.k8s.io',
  Pods: 'v1beta1.custom.metrics.k8s.io',
  Object: 'v1beta1.custom.metrics.k8s.io',
  External: 'v1beta1.external.metrics.k8s.io',
};

/** Up and down by turns: so many changes of direction within the hour. A day's load turns a few times. */
const turnsOfThrash = 4;
const thrashWindowMs = 60 * 60_000;
/** As long after its last turn, it has come to rest. */
const thrashRestMs = 15 * 60_000;

/** A new autoscaler has no metrics for its first round or two (15 s each). */
const metricsGraceMs = 45_000;

export function readAutoscaler(observed: Observed<Autoscaler>, context: TransformContext): Interpretation {
  const { object, entity, k8s } = observed;
  const { spec, status } = object;
  const target = spec?.scaleTargetRef;
  const relations = relationsFrom(entity);
  if (target?.kind) relations.to('SCALES', target.kind, entity.namespace, target.name);
  const problems: Draft[] = [];
  const common = { entity, context: k8s };
  const active = conditionOf(status?.conditions, 'ScalingActive');
  const able = conditionOf(status?.conditions, 'AbleToScale');
  const limited = conditionOf(status?.conditions, 'ScalingLimited');
  if (able?.status === 'False' && able.reason === 'FailedGetScale') {
    problems.push({
      ...common,
      category: 'hpa.target-missing',
      startedAt: able.lastTransitionTime,
      message: `Autoscaler ${entity.name} cannot find what it scales, ${target?.kind ?? ''} ${target?.name ?? ''}: ${clause(able.message ?? '')}.`,
      attributes: { target: target?.name, reason: able.reason },
    });
  } else if (active?.status === 'False' && active.reason === 'AmbiguousSelector') {
    problems.push({
      ...common,
      category: 'hpa.ambiguous-selector',
      startedAt: active.lastTransitionTime,
      message: `Autoscaler ${entity.name} does nothing, because it is not the only one for its pods: ${clause(active.message ?? '')}.`,
      attributes: { target: target?.name, others: /multiple HPAs: \[([^\]]*)\]/.exec(active.message ?? '')?.[1] },
    });
  } else if (active?.status === 'False' && noRequest.test(active.message ?? '')) {
    const [, resource, container] = noRequest.exec(active.message ?? '')!;
    problems.push({
      ...common,
      category: 'hpa.requests-missing',
      startedAt: active.lastTransitionTime,
      holdMs: metricsGraceMs,
      message: `Autoscaler ${entity.name} cannot tell how much is used: container ${container ?? '?'} of ${target?.kind ?? ''} ${target?.name ?? ''} has no request for ${resource ?? '?'}.`,
      attributes: { target: target?.name, container, resource, reason: active.reason },
    });
  } else if (active?.status === 'False' && active.reason !== 'ScalingDisabled') {
    problems.push({
      ...common,
      category: 'hpa.metrics-unavailable',
      startedAt: active.lastTransitionTime,
      holdMs: metricsGraceMs,
      message: `Autoscaler ${entity.name} cannot read its metrics: ${clause(active.message ?? active.reason ?? '')}.`,
      attributes: { target: target?.name, reason: active.reason },
    });
  }
  if (limited?.status === 'True' && limited.reason === 'TooManyReplicas') {
    const pressing = aboveTarget(object);
    problems.push({
      ...common,
      category: 'hpa.at-maximum',
      startedAt: limited.lastTransitionTime,
      message: `Autoscaler ${entity.name} wants more than its maximum of ${spec?.maxReplicas ?? '?'} replicas${pressing === null ? '' : `: ${pressing}`}.`,
      attributes: { target: target?.name, maxReplicas: spec?.maxReplicas, pressing },
    });
  }
  const thrash = thrashing(observed, context);
  problems.push(...thrash.problems);
  // What its metrics come from: the API that serves them (metrics-server, an adapter).
  for (const { type } of each(spec?.metrics)) relations.to('USES', 'APIService', null, metricsApis[type]);
  return {
    recheckAtMs: thrash.recheckAtMs,
    facts: {
      targetKind: target?.kind,
      target: target?.name,
      minReplicas: spec?.minReplicas,
      maxReplicas: spec?.maxReplicas,
      currentReplicas: status?.currentReplicas,
      desiredReplicas: status?.desiredReplicas,
    },
    relations: relations.all(),
    problems,
  };
}

/** The resource whose use is above its target although every replica there may be is there. */
function aboveTarget({ spec, status }: Autoscaler): string | null {
  for (const { resource } of each(status?.currentMetrics)) {
    const wanted = each(spec?.metrics).find((metric) => metric.resource?.name === resource?.name)?.resource?.target;
    const [is, target] = [resource?.current?.averageUtilization, wanted?.averageUtilization];
    if (is !== undefined && target !== undefined && is > target)
      return `${resource?.name ?? '?'} is at ${is} % of the requests, and ${target} % is aimed at`;
  }
  return null;
}

/** Which way an autoscaler went last, and when it turned. */
export interface ScalingMemory {
  desired: number;
  rising: boolean | null;
  turns: { readonly atMs: number; readonly at: string; readonly replicas: number }[];
}

function thrashing(
  { object, entity, k8s, at, atMs }: Observed<Autoscaler>,
  context: TransformContext,
): { readonly problems: Draft[]; readonly recheckAtMs: number | null } {
  const desired = object.status?.desiredReplicas;
  if (desired === undefined) return { problems: [], recheckAtMs: null };
  const memory = context.scaling.get(entity.id) ?? { desired, rising: null, turns: [] };
  context.scaling.set(entity.id, memory);
  if (desired !== memory.desired) {
    const rising = desired > memory.desired;
    if (memory.rising !== null && rising !== memory.rising) memory.turns.push({ atMs, at, replicas: memory.desired });
    memory.rising = rising;
    memory.desired = desired;
  }
  while (memory.turns.length > 0 && atMs - memory.turns[0]!.atMs > thrashWindowMs) memory.turns.shift();
  const last = memory.turns.at(-1);
  if (memory.turns.length < turnsOfThrash || atMs - last!.atMs >= thrashRestMs)
    return { problems: [], recheckAtMs: null };
  const replicas = memory.turns.map((turn) => turn.replicas);
  const least = Math.min(...replicas);
  const most = Math.max(...replicas);
  return {
    problems: [
      {
        category: 'hpa.thrashing',
        entity,
        context: k8s,
        continues: true,
        startedAt: memory.turns[0]!.at,
        message: `Autoscaler ${entity.name} has turned ${memory.turns.length} times within an hour, between ${least} and ${most} replicas.`,
        attributes: { target: object.spec?.scaleTargetRef?.name, turns: memory.turns.length, least, most },
      },
    ],
    recheckAtMs: last!.atMs + thrashRestMs,
  };
}
