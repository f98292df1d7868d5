import { toEpochMs } from '../../../src/model/time.js';
import { classifyRefusal } from './admission.js';
import type { TransformContext } from '../context.js';
import type { Draft } from '../draft.js';
import { relationsFrom, type Interpretation, type Observed } from '../interpretation.js';
import { conditionOf, each, type PodSpec, type Workload } from './kubernetes-objects.js';
import { entityOfPeer, peersIn } from '../peers.js';
import { portsOf, specRelations } from './pod-spec.js';
import { clause } from '../wording.js';
import { blockedOrder, rememberSelector, unreconciled } from './workload-conflicts.js';

/** A rollout is given this long before missing replicas count: pods that fail are reported by themselves at once. */
const rolloutGraceMs = 30_000;

export function readWorkload(observed: Observed<Workload>, context: TransformContext): Interpretation {
  const { object, entity, changes, atMs } = observed;
  const { spec, status } = object;
  const template = spec?.template?.spec;
  const relations = relationsFrom(entity);
  for (const owner of object.metadata.ownerReferences ?? [])
    relations.from('OWNS', owner.kind, entity.namespace, owner.name);
  const optional = specRelations(relations, entity.namespace, template);
  const addresses = declaredCalls(relations, observed, template, context);
  const owner = (object.metadata.ownerReferences ?? []).find((reference) => reference.controller);
  if (entity.kind === 'ReplicaSet' && owner && object.metadata.uid)
    context.owners.set(object.metadata.uid, { kind: owner.kind, name: owner.name });

  // The status does not tell of a rollout that goes back to pods of an earlier shape: what was asked for does.
  const asked = `rollout ${entity.id}`;
  if (changes.some(({ path }) => path.startsWith('spec.template') || path === 'spec.replicas')) {
    context.reasons.set(asked, { reason: '', message: '', at: observed.at });
  }
  const askedMs = toEpochMs(context.reasons.get(asked)?.at ?? '');
  const problems: Draft[] = [];
  if (entity.kind === 'ReplicaSet') {
    problems.push(...creationFailure(observed, owner?.name ?? entity.name, context));
    if (!owner) problems.push(...shortage(observed, askedMs));
  } else if (object.metadata.deletionTimestamp === undefined) {
    problems.push(...shortage(observed, askedMs));
  }
  const progressing = conditionOf(status?.conditions, 'Progressing');
  if (
    entity.kind === 'Deployment' &&
    progressing?.status === 'False' &&
    progressing.reason === 'ProgressDeadlineExceeded'
  ) {
    problems.push({
      category: 'workload.rollout-stuck',
      entity,
      context: observed.k8s,
      startedAt: progressing.lastTransitionTime,
      message: `The rollout of ${entity.kind} ${entity.name} makes no progress: ${status?.updatedReplicas ?? 0} of ${spec?.replicas ?? 1} replicas are updated.`,
      attributes: { updated: status?.updatedReplicas ?? 0, desired: spec?.replicas ?? 1 },
    });
  }
  problems.push(...scaledToZero(observed, context, changes, atMs));
  problems.push(...blockedOrder(observed, context), ...unreconciled(observed));
  rememberSelector(observed, context);

  return {
    facts: {
      replicas: spec?.replicas ?? status?.desiredNumberScheduled,
      readyReplicas: status?.readyReplicas ?? status?.numberReady ?? 0,
      availableReplicas: status?.availableReplicas ?? status?.numberAvailable ?? 0,
      updatedReplicas: status?.updatedReplicas ?? status?.updatedNumberScheduled ?? 0,
      generation: object.metadata.generation,
      observedGeneration: status?.observedGeneration,
      revision: object.metadata.annotations?.['deployment.kubernetes.io/revision'],
      strategy: spec?.strategy?.type,
      paused: spec?.paused,
      addresses,
      serviceName: spec?.serviceName,
      images:
        each(template?.containers)
          .map((container) => container.image ?? '')
          .join(',') || null,
      ports: portsOf(each(template?.containers)) || null,
      preStop: each(template?.containers).some(({ lifecycle }) => lifecycle?.preStop !== undefined) || null,
      templateLabels: spec?.template?.metadata?.labels ? JSON.stringify(spec.template.metadata.labels) : null,
      ...optional,
    },
    selector: spec?.selector?.matchLabels ?? null,
    relations: relations.all(),
    problems,
  };
}

/** More addresses than this are a list for something else than to be called. */
const maxAddresses = 64;

/**
 * Environment values and arguments that name another Service: who this workload is configured to call. Returns those with a port, as
 * `SETTING=service.namespace:port`.
 */
function declaredCalls(
  relations: ReturnType<typeof relationsFrom>,
  { entity }: Observed<Workload>,
  template: PodSpec | undefined,
  context: TransformContext,
): string | null {
  // Only what people write; a ReplicaSet repeats its Deployment.
  if (entity.kind === 'ReplicaSet') return null;
  const addresses = new Set<string>();
  for (const container of [...each(template?.initContainers), ...each(template?.containers)]) {
    const texts = [
      ...each(container.env).map((variable) => [variable.name, variable.value ?? ''] as const),
      ...each(container.args).map((text) => ['', text] as const),
      ...each(container.command).map((text) => ['', text] as const),
    ];
    for (const [setting, text] of texts) {
      if (text.length > 4096) continue;
      for (const peer of peersIn(text)) {
        const target = entityOfPeer(context.cluster, entity.namespace, peer, context.namespaces);
        if (target) relations.to('CALLS', target.kind, target.namespace, target.name);
        if (target?.kind === 'Service' && peer.port !== null && addresses.size < maxAddresses)
          addresses.add(`${setting}=${target.name}.${target.namespace ?? ''}:${peer.port}`);
      }
    }
  }
  return addresses.size === 0 ? null : [...addresses].join(',');
}

function shortage({ object, entity, k8s, atMs }: Observed<Workload>, askedMs: number): Draft[] {
  const { spec, status } = object;
  const daemon = entity.kind === 'DaemonSet';
  const desired = daemon ? (status?.desiredNumberScheduled ?? 0) : (spec?.replicas ?? 1);
  const available = daemon ? (status?.numberAvailable ?? 0) : (status?.availableReplicas ?? status?.readyReplicas ?? 0);
  if (desired === 0 || available >= desired) return [];
  const rolling = atMs - askedMs < rolloutGraceMs || inRollout(object, entity.kind, desired, atMs);
  const condition = conditionOf(status?.conditions, 'Available');
  const startedAt = condition?.status === 'False' ? condition.lastTransitionTime : null;
  return [
    {
      category: 'workload.unavailable',
      entity,
      context: k8s,
      startedAt,
      holdMs: rolling ? rolloutGraceMs : 0,
      message: `${entity.kind} ${entity.name} has ${available} of ${desired} replicas available.`,
      attributes: { desired, available },
      severity: available === 0 ? 'CRITICAL' : 'ERROR',
    },
  ];
}

/** New pods are on their way by intent: a new template, or more replicas than before. */
function inRollout({ status, spec }: Workload, kind: string, desired: number, atMs: number): boolean {
  if (kind === 'StatefulSet')
    return status?.currentRevision !== status?.updateRevision || (status?.replicas ?? 0) < desired;
  if (kind === 'DaemonSet') return (status?.updatedNumberScheduled ?? 0) < desired;
  const progressing = conditionOf(status?.conditions, 'Progressing');
  if (progressing?.status === 'True' && progressing.reason !== 'NewReplicaSetAvailable') return true;
  if (atMs - toEpochMs(progressing?.lastUpdateTime ?? '') < rolloutGraceMs) return true;
  return (status?.updatedReplicas ?? 0) < (spec?.replicas ?? 1) || (status?.replicas ?? 0) > desired;
}

/** ReplicaFailure: the API server refuses the pods. What refuses is at fault when the text names it. */
function creationFailure(
  { object, entity, k8s }: Observed<Workload>,
  workload: string,
  context: TransformContext,
): Draft[] {
  const condition = conditionOf(object.status?.conditions, 'ReplicaFailure');
  if (condition?.status !== 'True' || condition.reason === 'FailedDelete') return [];
  return [creationDraft(entity, workload, condition.message ?? '', condition.lastTransitionTime ?? null, k8s, context)];
}

export function creationDraft(
  entity: Draft['entity'],
  workload: string,
  message: string,
  startedAt: string | null,
  k8s: Draft['context'],
  context: TransformContext,
): Draft {
  const refusal = classifyRefusal(message, entity.namespace ?? 'default', context);
  const common = { startedAt, discriminator: workload, context: { ...k8s, workload } };
  if (!refusal) {
    return {
      ...common,
      entity,
      category: 'workload.create-failed',
      message: `${entity.kind} ${entity.name} cannot create a pod: ${clause(message)}.`,
      attributes: { workload, error: clause(message) },
    };
  }
  const { refuser } = refusal;
  return {
    ...common,
    entity: refuser ?? entity,
    category: refusal.category,
    message: `${workload} cannot create its pods: ${refusal.because}.`,
    attributes: { ...refusal.attributes, workload, victim: entity.id, error: clause(message) },
  };
}

/** Nobody runs any more, and that was somebody's doing: only what was seen to change counts. */
function scaledToZero(
  { object, entity, k8s, at, changedBy }: Observed<Workload>,
  context: TransformContext,
  changes: Observed['changes'],
  atMs: number,
): Draft[] {
  if (entity.kind === 'ReplicaSet' || entity.kind === 'DaemonSet') return [];
  const key = `scaled ${entity.id}`;
  if (object.spec?.replicas !== 0) {
    context.reasons.delete(key);
    return [];
  }
  const change = changes.find(({ path, from }) => path === 'spec.replicas' && Number(from) > 0);
  if (change) context.reasons.set(key, { reason: change.from ?? '', message: changedBy ?? '', at });
  const seen = context.reasons.get(key);
  if (!seen || Number.isNaN(toEpochMs(seen.at)) || atMs < toEpochMs(seen.at)) return [];
  return [
    {
      category: 'workload.scaled-to-zero',
      entity,
      context: k8s,
      startedAt: seen.at,
      message: `${entity.kind} ${entity.name} was scaled from ${seen.reason} to 0 replicas${seen.message ? ` by ${seen.message}` : ''}.`,
      attributes: { from: Number(seen.reason), to: 0, changedBy: seen.message || null },
    },
  ];
}
