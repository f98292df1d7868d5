import type { KubernetesObject } from '../../src/model/payloads.js';
import type { Draft } from './draft.js';
import { relationsFrom, type Interpretation, type Observed } from './interpretation.js';
import { conditionOf, type Condition } from './kubernetes-objects.js';
import { clause } from './wording.js';

interface Autoscaler extends KubernetesObject {
  readonly spec?: {
    readonly scaleTargetRef?: { readonly kind?: string; readonly name?: string };
    readonly minReplicas?: number;
    readonly maxReplicas?: number;
  };
  readonly status?: {
    readonly currentReplicas?: number;
    readonly desiredReplicas?: number;
    readonly conditions?: readonly Condition[];
  };
}

/** A new autoscaler has no metrics for its first round or two (15 s each). */
const metricsGraceMs = 45_000;

export function readAutoscaler({ object, entity, k8s }: Observed<Autoscaler>): Interpretation {
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
    problems.push({
      ...common,
      category: 'hpa.at-maximum',
      startedAt: limited.lastTransitionTime,
      message: `Autoscaler ${entity.name} wants more than its maximum of ${spec?.maxReplicas ?? '?'} replicas.`,
      attributes: { target: target?.name, maxReplicas: spec?.maxReplicas },
    });
  }
  return {
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
