import { type EntityRow, type RelationRow } from '../../ingest/inventory.js';
import { type GraphChange } from '../../ingest/store.js';
import { type Category, categoryInfo } from '../../src/model/categories.js';
import { type CorrelationResult } from '../../src/model/correlation-result.js';
import { type EntityRef, entityRef, type RelationType } from '../../src/model/entity.js';
import { type SourceHealth } from '../../src/model/finding.js';
import { contentId } from '../../src/model/ids.js';
import { fromEpochMs } from '../../src/model/time.js';
import { type UnifiedEvent } from '../../src/model/unified-event.js';

const cluster = 'lab';
const t0 = Date.parse('2026-11-24T12:00:00Z');
const at = (ms: number) => fromEpochMs(t0 + ms);

const ref = (kind: string, name: string, namespace: string | null = 'shop') =>
  entityRef(cluster, kind, namespace, name, `uid-${kind}-${name}`.toLowerCase());

/** A cart that is killed for its memory, and what hangs on it; and a second, quiet corner with an incident of its own. */
export const world = {
  node: ref('Node', 'node-1', null),
  deployment: ref('Deployment', 'cart'),
  replicaSet: ref('ReplicaSet', 'cart-6f9'),
  pod: ref('Pod', 'cart-6f9-abc'),
  container: ref('Container', 'cart-6f9-abc/cart'),
  service: ref('Service', 'cart'),
  caller: ref('Deployment', 'web'),
  callerPod: ref('Pod', 'web-5d4-xyz'),
  ingress: ref('Ingress', 'shop'),
  config: ref('ConfigMap', 'cart-config'),
  otherPod: ref('Pod', 'report-1', 'batch'),
  otherSecret: ref('Secret', 'report-key', 'batch'),
  certificate: ref('Certificate', 'shop-tls'),
} as const;

export const moment = { before: at(-3_600_000), opened: at(0), during: at(60_000), after: at(600_000) } as const;

export function event(
  entity: EntityRef,
  category: Category,
  ms: number,
  message: string,
  fields: Partial<UnifiedEvent> = {},
): UnifiedEvent {
  const pod = entity.kind === 'Pod' ? entity.name : entity.kind === 'Container' ? entity.name.split('/')[0]! : null;
  return {
    id: contentId(entity.id, category, ms),
    timestamp: at(ms),
    type: category === 'container.oom-killed' ? 'ebpf' : 'kubeapi',
    k8sContext: {
      cluster,
      node: pod === null ? null : world.node.name,
      namespace: entity.namespace,
      pod,
      podUid: null,
      container: entity.kind === 'Container' ? entity.name.split('/')[1]! : null,
      containerId: null,
      workload: null,
      service: null,
    },
    entity,
    traceContext: null,
    semantic: {
      category,
      message,
      template: category === 'call.refused' ? 'cannot reach <*>' : null,
      fingerprint: contentId(entity.id, category),
      attributes: category === 'container.oom-killed' ? { limitBytes: 67_108_864, comm: 'node' } : {},
    },
    impact: { severity: categoryInfo(category).severity, scope: 'pod' },
    count: 1,
    firstSeen: at(ms),
    lastSeen: at(ms),
    ...fields,
  };
}

/** A pod of before, on which nothing hangs any more. */
export const gone = ref('Pod', 'cart-5c1-old');

const scaled = event(world.deployment, 'change.scale', -7_200_000, 'cart went from 2 replicas to 1');
const change = event(world.deployment, 'change.spec', -90_000, 'memory limit of cart went from 128Mi to 64Mi');
const oom = event(world.container, 'container.oom-killed', 0, 'the kernel killed node in cart at its limit of 64 MiB');
const terminated = event(world.container, 'container.terminated', 120, 'cart ended with exit code 137');
const restarted = event(world.container, 'container.restarted', 1_500, 'cart started again, 1 restart');
const notReady = event(world.pod, 'pod.not-ready', 1_000.25, 'cart-6f9-abc is not ready');
const noEndpoints = event(world.service, 'service.no-ready-endpoints', 1_200, 'service cart has no ready endpoint');
const refused = event(world.callerPod, 'call.refused', 1_900, 'web cannot reach cart:8080', {
  type: 'log',
  count: 42,
  lastSeen: at(9_000),
  traceContext: { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' },
});
const missing = event(world.otherPod, 'config.object-missing', 20_000, 'secret report-key not found');
const waiting = event(world.otherPod, 'pod.pending', 20_500, 'report-1 waits for its secret');

export const events = {
  scaled,
  change,
  oom,
  terminated,
  restarted,
  notReady,
  noEndpoints,
  refused,
  missing,
  waiting,
} as const;
export const incidentId = contentId('incident', oom.id);
export const otherIncidentId = contentId('incident', missing.id);

const edge = (from: UnifiedEvent, to: UnifiedEvent, rule: string, confidence: number) => ({
  from: from.id,
  to: to.id,
  rule,
  confidence,
  temporal: 0.9,
  spatial: 1,
  causal: confidence,
  semantic: 0.5,
  lagMs: Date.parse(to.timestamp) - Date.parse(from.timestamp),
  evidence: [from.semantic.message, to.semantic.message],
});

export const source: SourceHealth = {
  source: 'kernel@node-1',
  cluster,
  node: 'node-1',
  state: 'healthy',
  reason: null,
  lost: 0,
  lastSeen: at(10_000),
};

/** The story of the cart. A later revision differs by what is given. */
export function cartStory(fields: Partial<CorrelationResult> = {}): CorrelationResult {
  const revision = fields.revision ?? 1;
  const verdict = {
    rank: 1,
    confidence: 0.93,
    category: 'container.oom-killed' as const,
    eventId: oom.id,
    entity: world.container,
    evidence: [{ text: 'the kernel names the victim', weight: 3.2, eventId: oom.id }],
    whyNot: null,
  };
  const alternative = {
    rank: 2,
    confidence: 0.07,
    category: 'change.spec' as const,
    eventId: change.id,
    entity: world.deployment,
    evidence: [{ text: 'the change came 90 s before', weight: 0.4, eventId: change.id }],
    whyNot: 'a change alone is never guilt',
  };
  return {
    id: `${incidentId}.${revision}`,
    traceId: null,
    events: [oom, terminated, notReady, noEndpoints, restarted, refused].map(({ id }) => id),
    rootCauseEventId: oom.id,
    confidence: 0.93,
    summary: 'cart was killed for its memory; web lost it for two seconds.',
    rootCause: 'The kernel killed cart at its limit of 64 MiB.',
    recommendation: 'Raise the memory limit of cart above 64Mi.',
    incidentId,
    revision,
    status: 'OPEN',
    severity: 'CRITICAL',
    title: 'cart is out of memory',
    category: 'container.oom-killed',
    cluster,
    namespaces: ['shop'],
    rootCauseEntity: world.container,
    openedAt: oom.timestamp,
    updatedAt: at(10_000 + revision),
    resolvedAt: null,
    mergedInto: null,
    entities: [
      { entity: world.container, role: 'ROOT_CAUSE' },
      { entity: world.pod, role: 'AFFECTED' },
      { entity: world.service, role: 'AFFECTED' },
      { entity: world.callerPod, role: 'AFFECTED' },
    ],
    edges: [
      edge(oom, terminated, 'oom-terminates-container', 0.99),
      edge(terminated, restarted, 'termination-restarts-container', 0.95),
      edge(terminated, notReady, 'termination-makes-pod-unready', 0.9),
      edge(notReady, noEndpoints, 'unready-pod-leaves-endpoints', 0.9),
      edge(noEndpoints, refused, 'no-endpoints-fails-callers', 0.8),
    ],
    rootCauses: [verdict, alternative],
    alternatives: [alternative],
    contradictions: [{ text: 'no memory pressure on node-1', weight: -0.3, eventId: null }],
    sourceHealth: [source],
    timeline: [{ at: oom.timestamp, kind: 'OPENED', text: 'opened', eventId: oom.id }],
    ...fields,
  };
}

export function reportStory(): CorrelationResult {
  const cause = {
    rank: 1,
    confidence: 1,
    category: 'config.object-missing' as const,
    eventId: missing.id,
    entity: world.otherPod,
    evidence: [],
    whyNot: null,
  };
  return {
    ...cartStory(),
    id: `${otherIncidentId}.1`,
    incidentId: otherIncidentId,
    events: [missing.id, waiting.id],
    rootCauseEventId: missing.id,
    confidence: 1,
    status: 'RESOLVED',
    severity: 'ERROR',
    title: 'report-1 lacks a secret',
    category: 'config.object-missing',
    namespaces: ['batch'],
    rootCauseEntity: world.otherPod,
    openedAt: missing.timestamp,
    resolvedAt: at(90_000),
    entities: [{ entity: world.otherPod, role: 'ROOT_CAUSE' }],
    edges: [edge(missing, waiting, 'missing-object-blocks-pod', 1)],
    rootCauses: [cause],
    alternatives: [],
    contradictions: [],
  };
}

const relation = (type: RelationType, from: EntityRef, to: EntityRef, validTo: string | null = null): RelationRow => ({
  type,
  from: from.id,
  to: to.id,
  validFrom: moment.before,
  validTo,
});

const row = (entity: EntityRef): EntityRow => ({
  entity,
  createdAt: moment.before,
  deletedAt: null,
  labels: { app: entity.name },
  facts: { ready: true, replicas: 1 },
});

/** Everything of the story in one change, as the correlator would commit it. */
export function wholeChange(fields: Partial<GraphChange> = {}): GraphChange {
  const { config: _mentionedOnly, ...described } = world;
  return {
    events: Object.values(events),
    entities: [...Object.values(described).map(row), { ...row(gone), deletedAt: moment.before }],
    relationsOpened: [
      relation('OWNS', world.deployment, world.replicaSet),
      relation('OWNS', world.replicaSet, world.pod),
      relation('OWNS', world.pod, world.container),
      relation('RUNS_ON', world.pod, world.node),
      relation('RUNS_ON', world.callerPod, world.node),
      relation('SELECTS', world.service, world.pod),
      relation('ROUTES_TO', world.ingress, world.service),
      relation('CALLS', world.caller, world.service),
      relation('OWNS', world.caller, world.callerPod),
      relation('USES', world.pod, world.config),
      relation('USES', world.otherPod, world.otherSecret),
    ],
    relationsClosed: [relation('RUNS_ON', world.otherPod, world.node, moment.opened)],
    results: [cartStory(), reportStory()],
    sources: [source],
    ...fields,
  };
}
