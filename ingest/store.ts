import { type Logger } from 'pino';
import { Counter, Histogram, type Registry } from 'prom-client';
import { kindLabel } from '../src/graph/families.js';
import { type GraphBatch, type GraphStore, type GraphValue } from '../src/graph/store.js';
import { type CorrelationResult } from '../src/model/correlation-result.js';
import { entityRefOfId, type EntityRef } from '../src/model/entity.js';
import { type SourceHealth } from '../src/model/finding.js';
import { contentId } from '../src/model/ids.js';
import { severities, type UnifiedEvent } from '../src/model/unified-event.js';
import { type EntityRow, type InventoryChange, type RelationRow } from './inventory.js';

/** What one step of the correlator adds to the graph. */
export interface GraphChange extends InventoryChange {
  /** Those that a story or a person looking at an entity needs; every event of `results` was given here, now or before. */
  readonly events: readonly UnifiedEvent[];
  readonly results: readonly CorrelationResult[];
  readonly sources: readonly SourceHealth[];
}

export interface IncidentStore {
  /**
   * All of it in one transaction. The same change twice leaves the same graph, and a revision that is older than the one in the graph
   * changes nothing of its incident. Fails with GRAPH_UNAVAILABLE (try again later) or GRAPH_REJECTED (it never will do).
   */
  commit(change: GraphChange): Promise<void>;
}

export interface IncidentStoreDependencies {
  readonly graph: GraphStore;
  readonly log: Logger;
  readonly registry: Registry;
}

export function createIncidentStore({ graph, log, registry }: IncidentStoreDependencies): IncidentStore {
  const seconds = new Histogram({
    name: 'throughline_commit_seconds',
    help: 'Time to write one change to the graph. Unified messages are acknowledged after it: a rise delays every story.',
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 30],
    registers: [registry],
  });
  const written = new Counter({
    name: 'throughline_graph_rows_total',
    help: 'Rows written to the graph, by statement. A rise of events or relations is a rise of what the cluster does, or of noise.',
    labelNames: ['statement'],
    registers: [registry],
  });

  return {
    async commit(change) {
      const batches = graphBatches(change);
      if (batches.length === 0) return;
      const end = seconds.startTimer();
      await graph.write(batches);
      const tookSeconds = end();
      for (const { statement, rows } of batches) written.inc({ statement: statement.split(':')[0]! }, rows.length);
      log.debug(
        {
          events: change.events.length,
          entities: change.entities.length,
          incidentIds: change.results.map((result) => result.incidentId),
          tookMs: Math.round(tookSeconds * 1000),
        },
        'committed to the graph',
      );
    },
  };
}

type Row = Readonly<Record<string, GraphValue>>;

/** Nodes before what hangs on them; of each incident the newest revision alone; batches without rows left out. */
export function graphBatches(change: GraphChange): readonly GraphBatch[] {
  const results = newestRevisions(change.results);
  const relations = [...change.relationsOpened, ...change.relationsClosed];
  const batches: GraphBatch[] = [
    ...byMember('write/entities', change.entities, (row) => kindLabel(row.entity.kind), entityRow),
    ...byMember('write/mentioned-entities', mentioned(change, results), (ref) => kindLabel(ref.kind), refRow),
    ...byMember('write/relations', relations, (relation) => relation.type, relationRow),
    { statement: 'write/events', rows: change.events.map(eventRow) },
    { statement: 'write/on', rows: change.events.map((event) => ({ id: event.id, entityId: event.entity.id })) },
    { statement: 'write/incidents', rows: results.map(incidentRow) },
    { statement: 'write/clear-causes', rows: results.map(revisionRow) },
    { statement: 'write/clear-members', rows: results.map(revisionRow) },
    { statement: 'write/part-of', rows: results.flatMap(memberRows) },
    { statement: 'write/causes', rows: results.flatMap(causeRows) },
    { statement: 'write/root-causes', rows: results.flatMap(rootCauseRows) },
    { statement: 'write/affects', rows: results.flatMap(affectedRows) },
    { statement: 'write/sources', rows: change.sources.map(sourceRow) },
  ];
  return batches.filter(({ rows }) => rows.length > 0);
}

function newestRevisions(results: readonly CorrelationResult[]): readonly CorrelationResult[] {
  const newest = new Map<string, CorrelationResult>();
  for (const result of results) {
    const other = newest.get(result.incidentId);
    if (!other || other.revision <= result.revision) newest.set(result.incidentId, result);
  }
  return [...newest.values()];
}

/** Entities that something in the change points at and that the change does not describe itself. */
function mentioned(change: GraphChange, results: readonly CorrelationResult[]): readonly EntityRef[] {
  const described = new Set(change.entities.map((row) => row.entity.id));
  const refs = new Map<string, EntityRef>();
  const add = (ref: EntityRef) => {
    if (!described.has(ref.id)) refs.set(ref.id, ref);
  };
  for (const relation of [...change.relationsOpened, ...change.relationsClosed]) {
    add(entityRefOfId(relation.from));
    add(entityRefOfId(relation.to));
  }
  // After the relations, whose refs know no uid.
  for (const event of change.events) add(event.entity);
  for (const result of results) {
    add(result.rootCauseEntity);
    for (const { entity } of [...result.entities, ...result.rootCauses]) add(entity);
  }
  return [...refs.values()];
}

/** One batch for each member of a family of statements (src/graph/families.ts), in the order of their names. */
function byMember<T>(
  statement: string,
  items: readonly T[],
  member: (item: T) => string,
  row: (item: T) => Row,
): GraphBatch[] {
  const groups = new Map<string, Row[]>();
  for (const item of items) {
    const group = groups.get(member(item));
    if (group) group.push(row(item));
    else groups.set(member(item), [row(item)]);
  }
  return [...groups.keys()].sort().map((name) => ({ statement: `${statement}:${name}`, rows: groups.get(name)! }));
}

function entityRow({ entity, createdAt, deletedAt, labels, facts }: EntityRow): Row {
  const described = { createdAt, deletedAt, labelsJson: JSON.stringify(labels), factsJson: JSON.stringify(facts) };
  return { id: entity.id, properties: { ...refProperties(entity), ...described } };
}

function refRow(ref: EntityRef): Row {
  return { id: ref.id, properties: refProperties(ref) };
}

function refProperties({ cluster, kind, namespace, name, uid }: EntityRef): Row {
  return { cluster, kind, namespace, name, uid };
}

function relationRow({ type, from, to, validFrom, validTo }: RelationRow): Row {
  return { id: contentId(type, from, to, validFrom), from, to, validFrom, validTo };
}

function eventRow(event: UnifiedEvent): Row {
  const { k8sContext: k8s, semantic, impact } = event;
  return {
    id: event.id,
    lastSeen: event.lastSeen,
    properties: {
      timestamp: event.timestamp,
      type: event.type,
      category: semantic.category,
      message: semantic.message,
      template: semantic.template,
      fingerprint: semantic.fingerprint,
      attributesJson: JSON.stringify(semantic.attributes),
      severity: impact.severity,
      scope: impact.scope,
      count: event.count,
      firstSeen: event.firstSeen,
      lastSeen: event.lastSeen,
      traceId: event.traceContext?.traceId ?? null,
      spanId: event.traceContext?.spanId ?? null,
      entityId: event.entity.id,
      cluster: k8s.cluster,
      node: k8s.node,
      namespace: k8s.namespace,
      pod: k8s.pod,
      podUid: k8s.podUid,
      container: k8s.container,
      containerId: k8s.containerId,
      workload: k8s.workload,
      service: k8s.service,
    },
  };
}

function incidentRow(result: CorrelationResult): Row {
  return {
    id: result.incidentId,
    revision: result.revision,
    properties: {
      revision: result.revision,
      status: result.status,
      severity: result.severity,
      severityRank: severities.indexOf(result.severity),
      title: result.title,
      summary: result.summary,
      rootCause: result.rootCause,
      recommendation: result.recommendation,
      confidence: result.confidence,
      category: result.category,
      traceId: result.traceId,
      cluster: result.cluster,
      namespaces: result.namespaces,
      openedAt: result.openedAt,
      updatedAt: result.updatedAt,
      resolvedAt: result.resolvedAt,
      mergedInto: result.mergedInto,
      rootCauseEntityId: result.rootCauseEntity.id,
      causes: result.rootCauses.length,
      contradictionsJson: JSON.stringify(result.contradictions),
      sourceHealthJson: JSON.stringify(result.sourceHealth),
      timelineJson: JSON.stringify(result.timeline),
    },
  };
}

function revisionRow({ incidentId, revision }: CorrelationResult): Row {
  return { id: incidentId, revision };
}

/** The ends of an edge belong to the story even where `events` left them out: clear-causes finds edges through membership. */
function memberRows({ incidentId, revision, events, edges }: CorrelationResult): Row[] {
  const ids = new Set([...events, ...edges.flatMap((edge) => [edge.from, edge.to])]);
  return [...ids].map((id) => ({ id, incidentId, revision }));
}

function causeRows({ incidentId, revision, edges }: CorrelationResult): Row[] {
  return edges.map(({ from, to, rule, confidence, temporal, spatial, causal, semantic, lagMs, evidence }) => ({
    id: from,
    incidentId,
    revision,
    from,
    to,
    rule,
    properties: { confidence, temporal, spatial, causal, semantic, lagMs, evidence },
  }));
}

function rootCauseRows({ incidentId, revision, rootCauses }: CorrelationResult): Row[] {
  return rootCauses.map(({ rank, eventId, confidence, category, entity, evidence, whyNot }) => ({
    id: eventId,
    incidentId,
    revision,
    rank,
    properties: { confidence, category, entityId: entity.id, evidenceJson: JSON.stringify(evidence), whyNot },
  }));
}

function affectedRows({ incidentId, revision, entities }: CorrelationResult): Row[] {
  return entities.map(({ entity, role }) => ({ id: entity.id, incidentId, revision, role }));
}

function sourceRow({ source, ...properties }: SourceHealth): Row {
  return { id: source, lastSeen: properties.lastSeen, properties: { ...properties } };
}
