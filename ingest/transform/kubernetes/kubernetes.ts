import { entityRef, type EntityRef } from '../../../src/model/entity.js';
import type { EntityFinding, Finding } from '../../../src/model/finding.js';
import { contentId } from '../../../src/model/ids.js';
import type { KubernetesObject, KubernetesObservation } from '../../../src/model/payloads.js';
import type { RawEvent } from '../../../src/model/raw-event.js';
import { canonicalTimestamp, toEpochMs, type Timestamp } from '../../../src/model/time.js';
import type { UnifiedEvent } from '../../../src/model/unified-event.js';
import { readAutoscaler } from './autoscaling.js';
import { readChanges } from './changes.js';
import { noContext, workloadOf, type TransformContext } from '../context.js';
import { readApiService } from './control-plane.js';
import { readConditions, readDefinition } from './custom-resources.js';
import { eventFrom, type Draft } from '../draft.js';
import { readKubernetesEvent } from './events.js';
import type { Interpretation, Interpreter, Observed } from '../interpretation.js';
import { readCronJob, readJob } from './jobs.js';
import { conditionOf, type Pod } from './kubernetes-objects.js';
import { readLease, readNode } from './nodes.js';
import { floodOf } from './object-counts.js';
import { forgetPod, readPod } from './pods.js';
import {
  readConfigMap,
  readDisruptionBudget,
  readLimitRange,
  readNamespace,
  readNetworkPolicy,
  readQuota,
  readRoleBinding,
  readSecret,
  readServiceAccount,
  stuckDeletion,
  readWebhookConfiguration,
} from './policies.js';
import type { Scheduler } from '../schedule.js';
import {
  forgetEndpointSlice,
  readEndpointSlice,
  readGateway,
  readIngress,
  readIngressClass,
  readMeshPolicy,
  readRoute,
  readService,
} from './services.js';
import { readAttachment, readClaim, readSnapshot, readVolume } from './storage.js';
import { readWorkload } from './workloads.js';

/** Interpreters by Kind. They are given the object in the shape that its Kind promises; every field is optional there. */
const interpreters = new Map<string, Interpreter>(
  Object.entries({
    Pod: readPod,
    Deployment: readWorkload,
    ReplicaSet: readWorkload,
    StatefulSet: readWorkload,
    DaemonSet: readWorkload,
    Job: readJob,
    CronJob: readCronJob,
    Node: readNode,
    Lease: readLease,
    Service: readService,
    EndpointSlice: readEndpointSlice,
    Ingress: readIngress,
    HTTPRoute: readRoute,
    GRPCRoute: readRoute,
    TLSRoute: readRoute,
    TCPRoute: readRoute,
    Gateway: readGateway,
    IngressClass: readIngressClass,
    PeerAuthentication: readMeshPolicy,
    AuthorizationPolicy: readMeshPolicy,
    PersistentVolumeClaim: readClaim,
    PersistentVolume: readVolume,
    HorizontalPodAutoscaler: readAutoscaler,
    ResourceQuota: readQuota,
    LimitRange: readLimitRange,
    PodDisruptionBudget: readDisruptionBudget,
    NetworkPolicy: readNetworkPolicy,
    ValidatingWebhookConfiguration: readWebhookConfiguration,
    MutatingWebhookConfiguration: readWebhookConfiguration,
    RoleBinding: readRoleBinding,
    ClusterRoleBinding: readRoleBinding,
    ConfigMap: readConfigMap,
    Secret: readSecret,
    ServiceAccount: readServiceAccount,
    Namespace: readNamespace,
    CustomResourceDefinition: readDefinition,
    APIService: readApiService,
    VolumeSnapshot: readSnapshot,
    VolumeAttachment: readAttachment,
  } as Record<string, Interpreter>),
);

/** Kinds whose newest observation is kept, because another object or an event changes what it means. All of them are few. */
const keptKinds = new Set(['Service', 'PersistentVolumeClaim', 'PodDisruptionBudget']);
/** Kinds of the core groups that never need a generic reading of conditions. */
const plainKinds = new Set([
  'Role',
  'ClusterRole',
  'StorageClass',
  'PriorityClass',
  'RuntimeClass',
  'ControllerRevision',
  'Endpoints',
]);

const readNothing: Interpreter = () => ({});

export type Recheck = { readonly of: 'object'; readonly event: RawEvent };

export interface KubernetesReader {
  read(event: RawEvent): Finding[];
  /** The object again, at a later moment of event time. */
  recheck(event: RawEvent, at: Timestamp): Finding[];
}

export function createKubernetesReader(context: TransformContext, schedule: Scheduler<Recheck>): KubernetesReader {
  // By entity id: when each condition that is wrong now began, so that its id and time stay while it lasts.
  const since = new Map<string, Map<string, Timestamp>>();

  function read(event: RawEvent): Finding[] {
    const data = event.data as unknown as KubernetesObservation;
    if (data.object.kind === 'Event') return readKubernetesEvent(event, data, context, (id, at) => refresh(id, at));
    return interpret(event, data.action, event.timestamp);
  }

  function interpret(event: RawEvent, action: Observed['action'], at: Timestamp): Finding[] {
    const { cluster } = context;
    const data = event.data as unknown as KubernetesObservation;
    const { object } = data;
    const { metadata, kind } = object;
    const namespace = metadata.namespace ?? null;
    const entity = entityRef(cluster, kind, namespace, metadata.name, metadata.uid ?? null);
    const first = action === 'RECHECK';
    const observed: Observed = {
      action,
      object,
      changes: first ? [] : data.changes,
      changedBy: data.changedBy,
      at,
      atMs: toEpochMs(at),
      entity,
      namespace,
      k8s: contextOf(object, entity),
    };
    if (action === 'DELETED') return gone(observed);
    if (keptKinds.has(kind) || (kind === 'Pod' && awaited(object))) context.latest.set(entity.id, event);
    else context.latest.delete(entity.id);

    const interpreter = interpreters.get(kind) ?? (plainKinds.has(kind) ? readNothing : readConditions);
    const interpretation: Interpretation = interpreter(observed, context);
    const findings: Finding[] = [];
    for (const also of interpretation.also ?? []) findings.push({ kind: 'entity', at, ...also, problems: [] });
    const stuck = kind === 'Pod' || kind === 'Namespace' ? null : stuckDeletion(observed);
    const drafts = [...(interpretation.problems ?? []), ...(stuck?.problems ?? [])];
    const { problems, dueMs } = settle(entity, drafts, at, observed.atMs);
    findings.push(wholeFinding(observed, interpretation, problems));
    const happened = first ? [] : [...readChanges(observed, context), ...floodOf(observed, context)];
    for (const draft of [...(interpretation.events ?? []), ...happened])
      findings.push({ kind: 'event', at, event: eventFrom(draft, 'kubeapi', clamp(draft.startedAt, at)) });

    const nextMs = Math.min(dueMs ?? Infinity, interpretation.recheckAtMs ?? Infinity, stuck?.recheckAtMs ?? Infinity);
    if (nextMs < Infinity) schedule.set(entity.id, Math.max(nextMs, observed.atMs + 1), { of: 'object', event });
    else schedule.cancel(entity.id);
    for (const id of interpretation.refresh ?? []) findings.push(...refresh(id, at));
    return findings;
  }

  function refresh(id: string, at: Timestamp): Finding[] {
    const event = context.latest.get(id);
    return event ? interpret(event, 'RECHECK', at) : [];
  }

  /** Drafts to events, each with the start it had when it was first seen; those still within their grace are held back. */
  function settle(
    entity: EntityRef,
    drafts: readonly Draft[],
    at: Timestamp,
    atMs: number,
  ): { problems: UnifiedEvent[]; dueMs: number | null } {
    if (drafts.length === 0) {
      since.delete(entity.id);
      return { problems: [], dueMs: null };
    }
    const before = since.get(entity.id);
    const now = new Map<string, Timestamp>();
    const problems: UnifiedEvent[] = [];
    let dueMs: number | null = null;
    for (const draft of drafts) {
      const begun = draft.continues ? '' : (draft.startedAt ?? '');
      const key = `${draft.category} ${draft.entity.id} ${draft.discriminator ?? ''} ${begun} ${entity.uid ?? ''}`;
      if (now.has(key)) continue;
      const start = before?.get(key) ?? clamp(draft.startedAt, at);
      now.set(key, start);
      const heldUntilMs = toEpochMs(start) + (draft.holdMs ?? 0);
      if (atMs < heldUntilMs) {
        dueMs = Math.min(dueMs ?? Infinity, heldUntilMs);
        continue;
      }
      const owner = draft.entity.id === entity.id ? '' : entity.id;
      const id = contentId(
        draft.entity.id,
        draft.entity.uid ?? entity.uid,
        draft.category,
        draft.discriminator ?? '',
        start,
        owner,
      );
      problems.push(eventFrom({ ...draft, lastSeen: at }, 'kubeapi', start, id));
    }
    since.set(entity.id, now);
    return { problems, dueMs };
  }

  function contextOf(object: KubernetesObject, entity: EntityRef): Observed['k8s'] {
    const { metadata, kind } = object;
    const blank = noContext(context.cluster);
    const spec = object.spec as { readonly nodeName?: string } | undefined;
    const owner = workloadOf(context, metadata);
    return {
      ...blank,
      namespace: entity.namespace,
      node: kind === 'Node' ? entity.name : kind === 'Pod' ? (spec?.nodeName ?? null) : null,
      pod: kind === 'Pod' ? entity.name : null,
      podUid: kind === 'Pod' ? entity.uid : null,
      workload:
        kind === 'Pod' || kind === 'ReplicaSet' || kind === 'Job'
          ? (owner?.name ?? (kind === 'Pod' ? null : entity.name))
          : isWorkload(kind)
            ? entity.name
            : null,
      service: kind === 'Service' ? entity.name : null,
    };
  }

  function gone(observed: Observed): Finding[] {
    const { entity, object, at } = observed;
    since.delete(entity.id);
    schedule.cancel(entity.id);
    context.latest.delete(entity.id);
    context.budgets.delete(entity.id);
    context.scaling.delete(entity.id);
    context.selectors.delete(entity.id);
    context.churn.delete(entity.id);
    context.apiServers.delete(entity.name);
    if (entity.kind === 'Node') {
      context.cordoned.delete(entity.name);
      context.nodes.delete(entity.name);
    }
    const findings: Finding[] = [];
    if (entity.kind === 'Pod' && entity.uid !== null) {
      const pod = context.podsByUid.get(entity.uid);
      for (const name of pod?.containers.keys() ?? []) {
        const container = entityRef(context.cluster, 'Container', entity.namespace, `${entity.name}/${name}`);
        findings.push({
          kind: 'entity',
          at,
          entity: container,
          deleted: true,
          createdAt: null,
          labels: {},
          facts: {},
          selector: null,
          relations: [],
          problems: [],
        });
      }
      forgetPod(entity.uid, context);
    }
    if (entity.uid !== null) {
      context.owners.delete(entity.uid);
      context.reasons.delete(`claim ${entity.uid}`);
    }
    for (const key of ['endpoints', 'scaled', 'boot', 'rollout']) context.reasons.delete(`${key} ${entity.id}`);
    findings.push(wholeFinding(observed, {}, []));
    floodOf(observed, context);
    for (const draft of readChanges(observed, context))
      findings.push({ kind: 'event', at, event: eventFrom(draft, 'kubeapi', at) });
    if (entity.kind === 'Service') {
      context.endpoints.delete(entity.id);
      if (object.metadata.deletionTimestamp !== undefined || observed.action === 'DELETED') {
        const draft: Draft = {
          category: 'service.deleted',
          entity,
          context: observed.k8s,
          message: `Service ${entity.name} was deleted.`,
        };
        findings.push({ kind: 'event', at, event: eventFrom(draft, 'kubeapi', at) });
      }
    }
    if (entity.kind === 'Node') {
      const draft: Draft = {
        category: 'node.removed',
        entity,
        context: observed.k8s,
        message: `Node ${entity.name} was removed from the cluster.`,
      };
      findings.push({ kind: 'event', at, event: eventFrom(draft, 'kubeapi', at) });
    }
    if (entity.kind === 'EndpointSlice')
      for (const id of forgetEndpointSlice(observed, context)) findings.push(...refresh(id, at));
    if (entity.kind === 'Namespace') context.namespaces.delete(entity.name);
    for (const [name, configuration] of context.webhooks)
      if (configuration.id === entity.id) context.webhooks.delete(name);
    return findings;
  }

  return {
    read,
    recheck: (event, at) => interpret(event, 'RECHECK', at),
  };
}

/** A pod that is not ready is read again when an event says why; one that serves or is over is not. */
function awaited({ status, metadata }: Pod): boolean {
  const over = status?.phase === 'Succeeded' || status?.phase === 'Failed' || metadata.deletionTimestamp !== undefined;
  return !over && conditionOf(status?.conditions, 'Ready')?.status !== 'True';
}

function isWorkload(kind: string): boolean {
  return kind === 'Deployment' || kind === 'StatefulSet' || kind === 'DaemonSet' || kind === 'CronJob';
}

/** The start in canonical form, never after the observation: the clocks of nodes and API server differ. */
function clamp(startedAt: string | null | undefined, at: Timestamp): Timestamp {
  const start = startedAt ? canonicalTimestamp(startedAt) : null;
  return start === null || start > at ? at : start;
}

function wholeFinding(
  observed: Observed,
  interpretation: Interpretation,
  problems: readonly UnifiedEvent[],
): EntityFinding {
  const { entity, object, at, action } = observed;
  const facts: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(interpretation.facts ?? {})) {
    if (value !== null && value !== undefined) facts[name] = value;
  }
  const created = object.metadata.creationTimestamp;
  return {
    kind: 'entity',
    at,
    entity,
    deleted: action === 'DELETED',
    createdAt: created ? canonicalTimestamp(created) : null,
    labels: object.metadata.labels ?? {},
    facts,
    selector: interpretation.selector ?? null,
    relations: interpretation.relations ?? [],
    problems,
  };
}
