import type { KubernetesObject } from '../../../src/model/payloads.js';
import { canonicalTimestamp, toEpochMs } from '../../../src/model/time.js';
import type { PodMemory, TransformContext } from '../context.js';
import { undiscovered } from './control-plane.js';
import type { Draft } from '../draft.js';
import { releaseProblems, releaseSecretType } from './helm.js';
import { relationsFrom, type Interpretation, type Observed } from '../interpretation.js';
import { each, type Condition } from './kubernetes-objects.js';
import { finalizersOf } from './pod-ends.js';
import { entityOfPeer, peersIn } from '../peers.js';
import { clause, duration, list } from '../wording.js';

type LabelSelector = {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly unknown[];
};

/** Rules are kept as text for people and for topology rules; longer ones than this say nothing more. */
const maxRuleText = 2048;
/** Finalizers of a healthy cluster do their work within this; a namespace takes as long as its pods' grace periods. */
const terminatingGraceMs = 120_000;

interface Quota extends KubernetesObject {
  readonly spec?: { readonly hard?: Readonly<Record<string, string>> };
  readonly status?: {
    readonly hard?: Readonly<Record<string, string>>;
    readonly used?: Readonly<Record<string, string>>;
  };
}

export function readQuota({ object, entity }: Observed<Quota>): Interpretation {
  const relations = relationsFrom(entity);
  relations.to('LIMITS', 'Namespace', null, entity.namespace);
  const facts: Record<string, string> = {};
  for (const [resource, amount] of Object.entries(object.status?.hard ?? object.spec?.hard ?? {}))
    facts[`hard.${resource}`] = amount;
  for (const [resource, amount] of Object.entries(object.status?.used ?? {})) facts[`used.${resource}`] = amount;
  return { facts, relations: relations.all() };
}

export function readLimitRange({
  object,
  entity,
}: Observed<KubernetesObject & { readonly spec?: { readonly limits?: unknown } }>): Interpretation {
  const relations = relationsFrom(entity);
  relations.to('LIMITS', 'Namespace', null, entity.namespace);
  return {
    facts: { limits: JSON.stringify(object.spec?.limits ?? []).slice(0, maxRuleText) },
    relations: relations.all(),
  };
}

interface DisruptionBudget extends KubernetesObject {
  readonly spec?: {
    readonly selector?: LabelSelector;
    readonly minAvailable?: number | string;
    readonly maxUnavailable?: number | string;
  };
  readonly status?: {
    readonly disruptionsAllowed?: number;
    readonly currentHealthy?: number;
    readonly desiredHealthy?: number;
    readonly expectedPods?: number;
    readonly conditions?: readonly Condition[];
  };
}

/** A drain moves on within this time when the budget only makes it wait for replacements. */
const drainGraceMs = 30_000;

/** A budget of zero alone harms nobody; it does when a node is being drained and its pods may not go. */
export function readDisruptionBudget(
  { object, entity, k8s }: Observed<DisruptionBudget>,
  context: TransformContext,
): Interpretation {
  const { status, spec } = object;
  context.budgets.add(entity.id);
  const labels = spec?.selector?.matchLabels ?? null;
  const held =
    status?.disruptionsAllowed === 0 && labels !== null && context.cordoned.size > 0
      ? heldPods(entity.namespace, labels, context)
      : [];
  const nodes = [...new Set(held.map((pod) => pod.node!))].sort();
  const problems: Draft[] =
    held.length === 0
      ? []
      : [
          {
            category: 'pdb.blocks-eviction',
            entity,
            context: k8s,
            discriminator: nodes.join(),
            holdMs: drainGraceMs,
            message: `PodDisruptionBudget ${entity.name} allows no disruption (${status?.currentHealthy ?? '?'} healthy, ${status?.desiredHealthy ?? '?'} wanted), so pod ${list(held.map((pod) => pod.name).sort())} cannot leave cordoned node ${list(nodes)}.`,
            attributes: {
              nodes: nodes.join(','),
              currentHealthy: status?.currentHealthy,
              desiredHealthy: status?.desiredHealthy,
            },
          },
        ];
  return {
    facts: {
      disruptionsAllowed: status?.disruptionsAllowed,
      currentHealthy: status?.currentHealthy,
      desiredHealthy: status?.desiredHealthy,
      expectedPods: status?.expectedPods,
      minAvailable: spec?.minAvailable,
      maxUnavailable: spec?.maxUnavailable,
    },
    selector: labels,
    problems,
  };
}

function heldPods(
  namespace: string | null,
  labels: Readonly<Record<string, string>>,
  context: TransformContext,
): PodMemory[] {
  return [...context.podsByUid.values()].filter(
    (pod) =>
      pod.namespace === namespace &&
      pod.node !== null &&
      context.cordoned.has(pod.node) &&
      !pod.finished &&
      !pod.terminating &&
      Object.entries(labels).every(([key, value]) => pod.labels[key] === value),
  );
}

interface Policy extends KubernetesObject {
  readonly spec?: {
    readonly podSelector?: LabelSelector;
    readonly policyTypes?: readonly string[];
    readonly ingress?: readonly unknown[];
    readonly egress?: readonly unknown[];
  };
}

export function readNetworkPolicy({ object }: Observed<Policy>): Interpretation {
  const { spec } = object;
  const types = spec?.policyTypes ?? ['Ingress', ...(spec?.egress ? ['Egress'] : [])];
  return {
    facts: {
      policyTypes: types.join(','),
      ingressRules: each(spec?.ingress).length,
      egressRules: each(spec?.egress).length,
      ingress: types.includes('Ingress') ? JSON.stringify(spec?.ingress ?? []).slice(0, maxRuleText) : null,
      egress: types.includes('Egress') ? JSON.stringify(spec?.egress ?? []).slice(0, maxRuleText) : null,
      podSelector: JSON.stringify(spec?.podSelector ?? {}).slice(0, maxRuleText),
    },
    // An empty selector is every pod of the namespace.
    selector: spec?.podSelector?.matchLabels ?? {},
  };
}

interface WebhookConfiguration extends KubernetesObject {
  readonly webhooks?: readonly {
    readonly name: string;
    readonly failurePolicy?: string;
    readonly timeoutSeconds?: number;
    readonly clientConfig?: {
      readonly url?: string;
      readonly service?: { readonly namespace: string; readonly name: string };
    };
  }[];
}

export function readWebhookConfiguration(
  { object, entity }: Observed<WebhookConfiguration>,
  context: TransformContext,
): Interpretation {
  const relations = relationsFrom(entity);
  for (const webhook of each(object.webhooks)) {
    context.webhooks.set(webhook.name, entity);
    const { service, url } = webhook.clientConfig ?? {};
    if (service) relations.to('CALLS', 'Service', service.namespace, service.name);
    for (const peer of url ? peersIn(url) : []) {
      const target = entityOfPeer(context.cluster, null, peer, context.namespaces);
      if (target) relations.to('CALLS', target.kind, target.namespace, target.name);
    }
  }
  return {
    facts: {
      webhooks: each(object.webhooks)
        .map((webhook) => webhook.name)
        .join(','),
      failurePolicies: each(object.webhooks)
        .map((webhook) => webhook.failurePolicy ?? 'Fail')
        .join(','),
    },
    relations: relations.all(),
  };
}

interface Binding extends KubernetesObject {
  readonly roleRef?: { readonly kind: string; readonly name: string };
  readonly subjects?: readonly { readonly kind: string; readonly name: string; readonly namespace?: string }[];
}

/** ServiceAccount USES RoleBinding USES Role: the way a missing right is followed from the pod to what took it away. */
export function readRoleBinding({ object, entity }: Observed<Binding>): Interpretation {
  const relations = relationsFrom(entity);
  const { roleRef } = object;
  if (roleRef) relations.to('USES', roleRef.kind, roleRef.kind === 'Role' ? entity.namespace : null, roleRef.name);
  for (const subject of each(object.subjects)) {
    if (subject.kind === 'ServiceAccount')
      relations.from('USES', 'ServiceAccount', subject.namespace ?? entity.namespace, subject.name);
  }
  return { facts: { role: roleRef?.name, roleKind: roleRef?.kind }, relations: relations.all() };
}

/** ConfigMap: whom its values tell its readers to call. */
export function readConfigMap(
  { object, entity }: Observed<KubernetesObject & { readonly data?: Readonly<Record<string, string | null>> | null }>,
  context: TransformContext,
): Interpretation {
  const relations = relationsFrom(entity);
  const routes = Object.values(object.data ?? {}).flatMap((value) => routesOf(value ?? ''));
  for (const value of Object.values(object.data ?? {})) {
    // Settings are short; program text and certificates name hosts that nobody calls.
    if (typeof value !== 'string' || value.length > 2048) continue;
    for (const peer of peersIn(value)) {
      const target = entityOfPeer(context.cluster, entity.namespace, peer, context.namespaces);
      if (target) relations.to('CALLS', target.kind, target.namespace, target.name);
    }
  }
  return {
    facts: {
      keys:
        Object.keys(object.data ?? {})
          .join(',')
          .slice(0, maxRuleText) || null,
      routes: routes.slice(0, maxRoutes).join(',') || null,
    },
    relations: relations.all(),
  };
}

const maxRoutes = 128;

/** `route>host` of a gateway's routing table as Spring Cloud Gateway has it; a placeholder's default stands for it. */
function routesOf(text: string): string[] {
  if (!text.includes('uri:')) return [];
  return [...text.matchAll(/- id: *['"]?([\w.-]+)['"]?\s+uri: *['"]?\w+:\/\/(?:\$\{\w+:)?([\w-]+)/g)].map(
    ([, route, host]) => `${route!}>${host!}`,
  );
}

export function readSecret(
  observed: Observed<KubernetesObject & { readonly type?: string; readonly data?: object | null }>,
): Interpretation {
  const { object, entity } = observed;
  const relations = relationsFrom(entity);
  for (const owner of object.metadata.ownerReferences ?? [])
    relations.from('OWNS', owner.kind, entity.namespace, owner.name);
  return {
    facts: {
      type: object.type,
      keys:
        Object.keys(object.data ?? {})
          .join(',')
          .slice(0, maxRuleText) || null,
    },
    relations: relations.all(),
    problems: object.type === releaseSecretType ? releaseProblems(observed) : [],
  };
}

export function readServiceAccount({
  object,
  entity,
}: Observed<KubernetesObject & { readonly imagePullSecrets?: readonly { readonly name?: string }[] }>): Interpretation {
  const relations = relationsFrom(entity);
  for (const secret of each(object.imagePullSecrets)) relations.to('USES', 'Secret', entity.namespace, secret.name);
  return { relations: relations.all() };
}

interface Namespace extends KubernetesObject {
  readonly status?: { readonly phase?: string; readonly conditions?: readonly Condition[] };
}

export function readNamespace(observed: Observed<Namespace>, context: TransformContext): Interpretation {
  const { object, entity } = observed;
  context.namespaces.add(entity.name);
  const blocked = each(object.status?.conditions).filter((condition) => condition.status === 'True');
  const relations = relationsFrom(entity);
  for (const { message } of blocked)
    for (const api of undiscovered(message ?? '')) relations.to('USES', 'APIService', null, api);
  return {
    facts: {
      phase: object.status?.phase,
      podSecurity: object.metadata.labels?.['pod-security.kubernetes.io/enforce'],
      maintenanceUntil: maintenanceUntil(object.metadata.annotations?.['throughline.io/maintenance']),
    },
    ...stuckDeletion(
      observed,
      blocked.map((condition) => clause(condition.message ?? condition.type, 160)),
    ),
    relations: relations.all(),
    events: deletionBegins(observed),
  };
}

/** `until=<RFC 3339>`; a window without an end would hide a namespace for ever, and counts for nothing. */
function maintenanceUntil(annotation: string | undefined): string | null {
  const until = /^until=(\S+)$/.exec(annotation ?? '')?.[1];
  return until === undefined ? null : canonicalTimestamp(until);
}

/** Somebody wants a namespace gone: from here on its objects go, one after the other. */
function deletionBegins({ object, entity, k8s, action }: Observed<Namespace>): Draft[] {
  const { deletionTimestamp } = object.metadata;
  if (deletionTimestamp === undefined || action === 'SYNC' || action === 'RECHECK') return [];
  return [
    {
      category: 'change.deleted',
      entity,
      context: k8s,
      discriminator: deletionTimestamp,
      startedAt: deletionTimestamp,
      message: `Namespace ${entity.name} was deleted, with all that is in it.`,
    },
  ];
}

/** An object that was to be gone long ago, and what holds it. */
export function stuckDeletion(
  { object, entity, k8s, atMs }: Observed,
  reasons: readonly string[] = [],
): { problems: Draft[]; recheckAtMs: number | null } {
  const deletedAt = object.metadata.deletionTimestamp;
  if (deletedAt === undefined) return { problems: [], recheckAtMs: null };
  const dueMs = toEpochMs(deletedAt) + terminatingGraceMs;
  if (atMs < dueMs) return { problems: [], recheckAtMs: dueMs };
  const finalizers = finalizersOf(object);
  const because =
    reasons.length > 0
      ? `: ${list(reasons, 3)}`
      : finalizers.length > 0
        ? `; finalizers hold it: ${list(finalizers)}`
        : '';
  return {
    problems: [
      {
        category: 'object.finalizer-stuck',
        entity,
        context: k8s,
        startedAt: deletedAt,
        message: `${entity.kind} ${entity.name} has been terminating for ${duration(atMs - toEpochMs(deletedAt))}${because}.`,
        attributes: { finalizers: finalizers.join(',') || null },
      },
    ],
    recheckAtMs: null,
  };
}
