import { entityRef } from '../../../src/model/entity.js';
import type { PodMemory, TransformContext, WorkloadSelector } from '../context.js';
import type { Draft } from '../draft.js';
import type { Observed } from '../interpretation.js';
import type { Workload } from './kubernetes-objects.js';

/** A StatefulSet gives a pod that comes up slowly this long before it is said to be what the rest wait for. */
const orderedGraceMs = 60_000;
/** Pods that a controller both makes and deletes within ten minutes, before two that select the same are said to be at odds. */
const churnOfFight = 3;
const fightWindowMs = 10 * 60_000;

/**
 * A StatefulSet's controller replaces a pod only after those above it are ready: one that a bad revision broke keeps it from going back,
 * even when the template is right again (kubernetes/kubernetes#67250, "Forced rollback" in the documentation).
 */
export function blockedOrder({ object, entity, k8s }: Observed<Workload>, context: TransformContext): Draft[] {
  const { spec, status } = object;
  const revision = status?.updateRevision;
  if (entity.kind !== 'StatefulSet' || revision === undefined) return [];
  // Every pod is of the revision that is wanted: nothing waits.
  if ((status?.updatedReplicas ?? 0) >= (spec?.replicas ?? 1)) return [];
  if (spec?.podManagementPolicy === 'Parallel' || spec?.updateStrategy?.type === 'OnDelete') return [];
  for (const pod of context.podsByUid.values()) {
    if (pod.namespace !== entity.namespace || pod.workload?.name !== entity.name || pod.workload.kind !== 'StatefulSet')
      continue;
    const of = pod.labels['controller-revision-hash'];
    // Only what is not ready is kept as it was seen.
    const broken = context.latest.has(entityRef(context.cluster, 'Pod', pod.namespace, pod.name).id);
    if (of === undefined || of === revision || !broken) continue;
    return [
      {
        category: 'workload.ordered-rollout-blocked',
        entity,
        context: k8s,
        discriminator: pod.name,
        holdMs: orderedGraceMs,
        message: `StatefulSet ${entity.name} waits for pod ${pod.name} of an earlier revision (${of}) to become ready before it replaces it with ${revision}.`,
        attributes: { pod: pod.name, podRevision: of, updateRevision: revision },
      },
    ];
  }
  return [];
}

/** The generation that people wrote last has not been taken up: its controller does not run, or cannot keep up. */
const reconcileGraceMs = 45_000;

export function unreconciled({ object, entity, k8s }: Observed<Workload>): Draft[] {
  const { generation } = object.metadata;
  const seen = object.status?.observedGeneration;
  if (
    generation === undefined ||
    typeof seen !== 'number' ||
    seen >= generation ||
    object.metadata.deletionTimestamp !== undefined
  )
    return [];
  return [
    {
      category: 'workload.not-reconciled',
      entity,
      context: k8s,
      holdMs: reconcileGraceMs,
      message: `${entity.kind} ${entity.name} was changed, and its controller has not taken that up: generation ${generation}, observed ${seen}.`,
      attributes: { generation, observedGeneration: seen },
    },
  ];
}

export function rememberSelector({ object, entity }: Observed<Workload>, context: TransformContext): void {
  const selector = object.spec?.selector?.matchLabels;
  const owned = (object.metadata.ownerReferences ?? []).some((owner) => owner.controller);
  if (!selector || owned || Object.keys(selector).length === 0) return;
  context.selectors.set(entity.id, {
    namespace: entity.namespace,
    kind: entity.kind,
    name: entity.name,
    selector,
    labels: object.spec?.template?.metadata?.labels ?? {},
  });
}

/** A controller makes and deletes pods again and again, and another one selects the same pods. */
export function selectorFight(
  did: 'created' | 'deleted',
  kind: string,
  name: string,
  k8s: Draft['context'],
  atMs: number,
  context: TransformContext,
): Draft | null {
  const entity = entityRef(context.cluster, kind, k8s.namespace, name);
  const own = context.selectors.get(entity.id);
  if (!own) return null;
  const before = context.churn.get(entity.id);
  const churn = before && atMs - before.sinceMs < fightWindowMs ? before : { created: 0, deleted: 0, sinceMs: atMs };
  churn[did] += 1;
  context.churn.set(entity.id, churn);
  if (did === 'created' || Math.min(churn.created, churn.deleted) < churnOfFight) return null;
  const other = [...context.selectors.values()].find(
    (one) => one !== own && one.namespace === own.namespace && (covers(one, own) || covers(own, one)),
  );
  if (!other) return null;
  // The same pair is the same trouble, whichever of the two complains.
  const [first, second] = [own, other].sort((a, b) => (a.name < b.name ? -1 : 1)) as [
    WorkloadSelector,
    WorkloadSelector,
  ];
  return {
    category: 'workload.selector-overlap',
    entity: entityRef(context.cluster, first.kind, first.namespace, first.name),
    context: { ...k8s, workload: first.name },
    discriminator: second.name,
    message: `${first.kind} ${first.name} and ${second.kind} ${second.name} select the same pods (${Object.entries(
      first.selector,
    )
      .map(([key, value]) => `${key}=${value}`)
      .join(',')}), and pods are deleted again and again.`,
    attributes: { other: `${second.kind}/${second.name}`, deletions: churn.deleted },
  };
}

/** Whether one's selector takes in the other's pods. */
function covers(one: WorkloadSelector, other: WorkloadSelector): boolean {
  return Object.entries(one.selector).every(([key, value]) => other.labels[key] === value);
}

/** Rounds of evictions by the vertical autoscaler, each of pods that were made after the round before, within two hours. */
const evictionRounds = 3;
const evictionMemoryMs = 2 * 60 * 60_000;

export function verticalEviction(
  pod: PodMemory,
  k8s: Draft['context'],
  atMs: number,
  context: TransformContext,
): Draft | null {
  if (!pod.workload) return null;
  const { kind, name } = pod.workload;
  const key = `${pod.namespace}/${kind}/${name}`;
  const before = context.verticalEvictions.get(key);
  const fresh = before && atMs - before.sinceMs < evictionMemoryMs ? before : { rounds: 0, sinceMs: -Infinity };
  const next = pod.createdMs >= fresh.sinceMs ? { rounds: fresh.rounds + 1, sinceMs: atMs } : fresh;
  context.verticalEvictions.set(key, next);
  if (next.rounds < evictionRounds) return null;
  return {
    category: 'vpa.eviction-loop',
    entity: entityRef(context.cluster, kind, pod.namespace, name),
    context: k8s,
    message: `The vertical autoscaler has evicted the pods of ${kind} ${name} ${next.rounds} times over, each time with other requests.`,
    attributes: { evictions: next.rounds },
  };
}
