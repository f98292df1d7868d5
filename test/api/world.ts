import type { GraphChange } from '../../ingest/store.js';
import type { Category } from '../../src/model/categories.js';
import type { CausalEdge, CorrelationResult } from '../../src/model/correlation-result.js';
import { entityRef, type EntityRef } from '../../src/model/entity.js';
import { contentId } from '../../src/model/ids.js';
import { fromEpochMs } from '../../src/model/time.js';
import type { UnifiedEvent } from '../../src/model/unified-event.js';
import { event } from '../graph/story.js';

export const cluster = 'lab';
const begin = Date.parse('2026-11-20T08:00:00Z');

export interface Incident {
  readonly result: CorrelationResult;
  readonly events: readonly UnifiedEvent[];
  readonly entities: readonly EntityRef[];
}

/** Severity, status and category go round, so that every filter has something to keep and something to leave out. */
const kinds = [
  { category: 'container.oom-killed', severity: 'CRITICAL', status: 'OPEN' },
  { category: 'image.not-found', severity: 'ERROR', status: 'RESOLVED' },
  { category: 'node.disk-pressure', severity: 'CRITICAL', status: 'ACKNOWLEDGED' },
  { category: 'hpa.at-maximum', severity: 'WARNING', status: 'OPEN' },
] as const;

/** The `index`th incident of the world, opened a minute after the one before; three in four in namespace `shop`, the rest in `batch`. */
export function incident(index: number, fields: Partial<CorrelationResult> = {}, eventCount = 4): Incident {
  const kind = kinds[index % kinds.length]!;
  const namespace = index % 4 === 3 ? 'batch' : 'shop';
  const openedMs = begin + index * 60_000;
  const workload = entityRef(cluster, 'Deployment', namespace, `app-${index}`);
  const pod = entityRef(cluster, 'Pod', namespace, `app-${index}-x`, `uid-${index}`);
  const service = entityRef(cluster, 'Service', namespace, `app-${index}`);
  const ms = (offset: number) => openedMs + offset - Date.parse('2026-11-24T12:00:00Z');
  const what = (entity: EntityRef, category: Category, offset: number, message: string) =>
    event(entity, category, ms(offset), message);
  const cause = what(pod, kind.category, -2_000, `${pod.name} met ${kind.category}`);
  const change = what(workload, 'change.spec', -30_000, `${workload.name} was changed`);
  const effects = Array.from({ length: eventCount - 2 }, (_, step) =>
    what(service, 'call.failed', step * 100, `call ${step} to ${service.name} failed`),
  );
  const events = [change, cause, ...effects];
  const incidentId = contentId('incident', cause.id);
  const revision = fields.revision ?? 1;
  const verdict = {
    rank: 1,
    confidence: 0.9,
    category: kind.category,
    eventId: cause.id,
    entity: pod,
    evidence: [{ text: 'it was seen', weight: 2.5, eventId: cause.id }],
    whyNot: null,
  };
  const alternative = {
    ...verdict,
    rank: 2,
    confidence: 0.1,
    category: 'change.spec' as const,
    eventId: change.id,
    entity: workload,
    whyNot: 'a change alone is never guilt',
  };
  const result: CorrelationResult = {
    id: `${incidentId}.${revision}`,
    incidentId,
    revision,
    traceId: null,
    events: [cause, ...effects].map(({ id }) => id),
    rootCauseEventId: cause.id,
    confidence: 0.9,
    summary: `Service ${service.name} failed since ${pod.name} met ${kind.category}.`,
    rootCause: `${pod.name}: ${kind.category}`,
    recommendation: `Look at ${pod.name}.`,
    status: kind.status,
    severity: kind.severity,
    title: `app ${index} is in trouble`,
    category: kind.category,
    cluster,
    namespaces: [namespace],
    rootCauseEntity: pod,
    openedAt: fromEpochMs(openedMs),
    updatedAt: fromEpochMs(openedMs + ((index * 37) % 100) * 1_000),
    resolvedAt: kind.status === 'RESOLVED' ? fromEpochMs(openedMs + 120_000) : null,
    mergedInto: null,
    entities: [
      { entity: pod, role: 'ROOT_CAUSE' },
      { entity: service, role: 'AFFECTED' },
    ],
    edges: effects.map((effect, step) => edge(step === 0 ? cause : effects[step - 1]!, effect)),
    rootCauses: [verdict, alternative],
    alternatives: [alternative],
    contradictions: [{ text: 'nobody complained', weight: -0.2, eventId: null }],
    sourceHealth: [],
    timeline: [{ at: fromEpochMs(openedMs), kind: 'OPENED', text: 'opened', eventId: cause.id }],
    ...fields,
  };
  return { result, events, entities: [workload, pod, service] };
}

export function incidents(count: number, eventCount?: number): readonly Incident[] {
  return Array.from({ length: count }, (_, index) => incident(index, {}, eventCount));
}

/** What the correlator would commit for these. */
export function changeOf(those: readonly Incident[]): GraphChange {
  return {
    events: those.flatMap(({ events }) => events),
    entities: those.flatMap(({ entities }) =>
      entities.map((entity) => ({
        entity,
        createdAt: fromEpochMs(begin),
        deletedAt: null,
        labels: { app: entity.name },
        facts: { replicas: 2 },
      })),
    ),
    relationsOpened: those.flatMap(({ entities: [workload, pod, service] }) => [
      { type: 'OWNS' as const, from: workload!.id, to: pod!.id, validFrom: fromEpochMs(begin), validTo: null },
      { type: 'SELECTS' as const, from: service!.id, to: pod!.id, validFrom: fromEpochMs(begin), validTo: null },
    ]),
    relationsClosed: [],
    results: those.map(({ result }) => result),
    sources: [
      {
        source: 'kernel@node-1',
        cluster,
        node: 'node-1',
        state: 'degraded',
        reason: 'no privileges',
        lost: 5_000_000_000,
        lastSeen: fromEpochMs(begin),
      },
    ],
  };
}

function edge(from: UnifiedEvent, to: UnifiedEvent): CausalEdge {
  return {
    from: from.id,
    to: to.id,
    rule: 'trouble-fails-callers',
    confidence: 0.8,
    temporal: 0.9,
    spatial: 1,
    causal: 0.8,
    semantic: 0.5,
    lagMs: Date.parse(to.timestamp) - Date.parse(from.timestamp),
    evidence: [from.semantic.message, to.semantic.message],
  };
}
