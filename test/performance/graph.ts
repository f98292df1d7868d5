import grafeo from '@grafeo-db/js';
import neo4j from 'neo4j-driver';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createIncidentStore, type GraphChange, graphBatches } from '../../ingest/store.js';
import { type Step, steps } from '../../src/graph/batches.js';
import { createEmbeddedStore, translatedSchema } from '../../src/graph/embedded.js';
import { createNeo4jStore } from '../../src/graph/neo4j.js';
import { loadStatements } from '../../src/graph/statements.js';
import { type GraphBatch, type GraphStore } from '../../src/graph/store.js';
import { type CorrelationResult } from '../../src/model/correlation-result.js';
import { type EntityRef, entityRef } from '../../src/model/entity.js';
import { contentId } from '../../src/model/ids.js';
import { fromEpochMs } from '../../src/model/time.js';
import { type UnifiedEvent } from '../../src/model/unified-event.js';
import { startNeo4j } from '../servers/neo4j.js';
import { type Figure, figure, median } from './figure.js';

export interface GraphBenchOptions {
  /** Measured rounds of each way, after as many again to warm up. */
  readonly rounds?: number;
  /** Incidents in one large change; each has 20 events, 20 pods and their relations. */
  readonly incidents?: number;
}

export const run = (): Promise<Figure[]> => graph({});

const log = pino({ level: 'silent' });
const statements = loadStatements();

/** Writes the batches in the plainest way there is, in one transaction. */
type Raw = (work: readonly { readonly text: string; readonly rows: GraphBatch['rows'] }[]) => Promise<void>;

/**
 * `commit` of whole changes, over the same rows sent by the bare driver: UNWIND, MERGE on the key, SET; no guards of revisions,
 * nothing replaced, its rows built and sorted before the clock starts. The ways take turns, each with changes of its own.
 */
export async function graph({ rounds = 12, incidents = 25 }: GraphBenchOptions): Promise<Figure[]> {
  const figures: Figure[] = [];
  const server = await startNeo4j({ jvm: [] });
  try {
    const options = { url: server.url, user: 'neo4j', password: null, database: 'neo4j' };
    const store = createNeo4jStore({ options, statements, log, registry: new Registry() });
    await store.start();
    const driver = neo4j.driver(server.url);
    const raw: Raw = async (work) => {
      const session = driver.session();
      await session.executeWrite((tx) => Promise.all(work.map(({ text, rows }) => tx.run(text, { rows }))));
      await session.close();
    };
    figures.push(...(await compare('Neo4j', store, raw, rounds, incidents)));
    await driver.close();
    await store.stop();
  } finally {
    await server.stop();
  }

  const store = createEmbeddedStore({ path: null, statements, log, registry: new Registry() });
  await store.start();
  const database = grafeo.GrafeoDB.create();
  for (const name of statements.names('schema')) {
    for (const text of translatedSchema(statements.get(name).text)) await database.executeCypher(text);
  }
  const raw: Raw = async (work) => {
    const tx = database.beginTransaction();
    for (const { text, rows } of work) await tx.executeCypher(text, { rows });
    tx.commit();
  };
  figures.push(...(await compare('embedded', store, raw, rounds, incidents)));
  database.close();
  await store.stop();
  return figures;
}

async function compare(
  name: string,
  graph: GraphStore,
  raw: Raw,
  rounds: number,
  incidents: number,
): Promise<Figure[]> {
  const { commit } = createIncidentStore({ graph, log, registry: new Registry() });
  const figures: Figure[] = [];
  for (const { title, size, times } of [
    { title: 'large change', size: incidents, times: rounds },
    { title: 'one incident', size: 1, times: rounds * 5 },
  ]) {
    const took: { readonly ours: number[]; readonly bare: number[] } = { ours: [], bare: [] };
    let rows = 0;
    for (let round = 0; round < times * 2; round++) {
      const given = change(`${name} ${title} ours ${round}`, size);
      const peer = plain(steps(graphBatches(change(`${name} ${title} bare ${round}`, size)), statements));
      rows = peer.reduce((sum, batch) => sum + batch.rows.length, 0);
      const ours = () => timed(() => commit(given));
      const bare = () => timed(() => raw(peer));
      // Who goes second finds the server as the first left it, so they take turns in that too.
      const order = round % 2 === 0 ? ([ours, bare] as const) : ([bare, ours] as const);
      const [first, second] = [await order[0](), await order[1]()];
      if (round < times) continue;
      took.ours.push(round % 2 === 0 ? first : second);
      took.bare.push(round % 2 === 0 ? second : first);
    }
    const rate = (millis: readonly number[]) => (rows / median(millis)) * 1000;
    figures.push(figure(`${name}, ${title} (${rows} rows)`, rate(took.ours), 'rows/s', rate(took.bare)));
    if (size === 1) figures.push(figure(`${name}, commit of ${title}`, median(took.ours), 'ms', median(took.bare)));
  }
  return figures;
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** The same nodes and edges with nothing but what makes them. */
function plain(sent: readonly Step[]): readonly { readonly text: string; readonly rows: GraphBatch['rows'] }[] {
  return sent.flatMap(({ statement, rows }) => {
    const [name, member] = statement.name.split(':') as [string, string | undefined];
    const text = plainStatement(name, member);
    return text === null ? [] : [{ text: `UNWIND $rows AS row ${text}`, rows }];
  });
}

function plainStatement(name: string, member: string | undefined): string | null {
  const ends = (from: string, fromId: string, to: string, toId: string) =>
    `MATCH (a:${from} {id: row.${fromId}}) MATCH (b:${to} {id: row.${toId}})`;
  switch (name) {
    case 'write/entities':
    case 'write/mentioned-entities':
      return `MERGE (n:Entity {id: row.id}) SET n += row.properties, n:${member}`;
    case 'write/events':
      return 'MERGE (n:Event {id: row.id}) SET n += row.properties';
    case 'write/incidents':
      return 'MERGE (n:Incident {id: row.id}) SET n += row.properties';
    case 'write/sources':
      return 'MERGE (n:Source {id: row.id}) SET n += row.properties';
    case 'write/relations':
      return `${ends('Entity', 'from', 'Entity', 'to')} MERGE (a)-[r:${member} {id: row.id}]->(b) SET r.validFrom = row.validFrom`;
    case 'write/on':
      return `${ends('Event', 'id', 'Entity', 'entityId')} MERGE (a)-[:ON]->(b)`;
    case 'write/part-of':
      return `${ends('Event', 'id', 'Incident', 'incidentId')} MERGE (a)-[:PART_OF]->(b)`;
    case 'write/causes':
      return `${ends('Event', 'from', 'Event', 'to')} MERGE (a)-[r:CAUSED {incidentId: row.incidentId, rule: row.rule}]->(b) SET r += row.properties`;
    case 'write/root-causes':
      return `${ends('Incident', 'incidentId', 'Event', 'id')} MERGE (a)-[r:ROOT_CAUSE {rank: row.rank}]->(b) SET r += row.properties`;
    case 'write/affects':
      return `${ends('Incident', 'incidentId', 'Entity', 'id')} MERGE (a)-[r:AFFECTS {role: row.role}]->(b)`;
    case 'write/clear-causes':
    case 'write/clear-members':
      return null;
    default:
      throw new Error(`the bench knows no plain form of ${name}`);
  }
}

const startMs = Date.parse('2026-11-24T12:00:00Z');
const perIncident = 20;

/** Incidents of 20 pods on one node, each pod with one event caused by the event before. */
function change(seed: string, incidents: number): GraphChange {
  const namespace = contentId(seed).slice(0, 8);
  const node = entityRef('bench', 'Node', null, `node-${namespace}`, 'uid');
  const pods = Array.from({ length: incidents * perIncident }, (_, i) => pod(namespace, i));
  const events = pods.map((entity, i) => event(entity, node.name, startMs + i));
  return {
    events,
    entities: [node, ...pods].map((entity) => ({
      entity,
      createdAt: fromEpochMs(startMs),
      deletedAt: null,
      labels: { app: 'cart', 'pod-template-hash': namespace },
      facts: { phase: 'Running', ready: false, ip: '10.244.0.7' },
    })),
    relationsOpened: pods.map((entity) => ({
      type: 'RUNS_ON',
      from: entity.id,
      to: node.id,
      validFrom: fromEpochMs(startMs),
      validTo: null,
    })),
    relationsClosed: [],
    results: Array.from({ length: incidents }, (_, i) =>
      story(namespace, i, events.slice(i * perIncident, (i + 1) * perIncident)),
    ),
    sources: [],
  };
}

function pod(namespace: string, i: number): EntityRef {
  return entityRef('bench', 'Pod', namespace, `cart-6f9c7d-${i}`, contentId(namespace, i));
}

function event(entity: EntityRef, node: string, atMs: number): UnifiedEvent {
  const at = fromEpochMs(atMs);
  return {
    id: contentId(entity.id, at),
    timestamp: at,
    type: 'kubeapi',
    k8sContext: {
      cluster: entity.cluster,
      node,
      namespace: entity.namespace,
      pod: entity.name,
      podUid: entity.uid,
      container: 'cart',
      containerId: contentId('container', entity.id),
      workload: 'cart',
      service: null,
    },
    entity,
    traceContext: null,
    semantic: {
      category: 'pod.not-ready',
      message: `Pod ${entity.name} is not ready: containers with unready status: [cart]`,
      template: 'ContainersNotReady',
      fingerprint: contentId(entity.id, 'pod.not-ready'),
      attributes: { reason: 'ContainersNotReady', container: 'cart' },
    },
    impact: { severity: 'ERROR', scope: 'pod' },
    count: 1,
    firstSeen: at,
    lastSeen: at,
  };
}

function story(namespace: string, i: number, events: readonly UnifiedEvent[]): CorrelationResult {
  const incidentId = contentId('incident', namespace, i);
  const [first] = events as [UnifiedEvent, ...UnifiedEvent[]];
  const cause = {
    rank: 1,
    confidence: 0.9,
    category: first.semantic.category,
    eventId: first.id,
    entity: first.entity,
    evidence: [{ text: first.semantic.message, weight: 2.5, eventId: first.id }],
    whyNot: null,
  };
  return {
    id: `${incidentId}.1`,
    traceId: null,
    events: events.map(({ id }) => id),
    rootCauseEventId: first.id,
    confidence: 0.9,
    summary: 'cart lost its pods one after the other.',
    rootCause: first.semantic.message,
    recommendation: 'Look at the node.',
    incidentId,
    revision: 1,
    status: 'OPEN',
    severity: 'ERROR',
    title: 'cart is not ready',
    category: first.semantic.category,
    cluster: 'bench',
    namespaces: [namespace],
    rootCauseEntity: first.entity,
    openedAt: first.timestamp,
    updatedAt: first.timestamp,
    resolvedAt: null,
    mergedInto: null,
    entities: events.map(({ entity }, at) => ({
      entity,
      role: at === 0 ? ('ROOT_CAUSE' as const) : ('AFFECTED' as const),
    })),
    edges: events.slice(1).map((effect, at) => ({
      from: events[at]!.id,
      to: effect.id,
      rule: 'bench',
      confidence: 0.8,
      temporal: 0.9,
      spatial: 1,
      causal: 0.8,
      semantic: 0.4,
      lagMs: 1,
      evidence: [effect.semantic.message],
    })),
    rootCauses: [cause],
    alternatives: [],
    contradictions: [],
    sourceHealth: [],
    timeline: [],
  };
}
