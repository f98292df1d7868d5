import { deepStrictEqual } from 'node:assert';
import neo4j, { type Driver } from 'neo4j-driver';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createIncidentStore } from '../../ingest/store.js';
import { createApi } from '../../src/api/server.js';
import { createNeo4jStore } from '../../src/graph/neo4j.js';
import { loadStatements } from '../../src/graph/statements.js';
import { createTransport } from '../../src/transport/create.js';
import { changeOf, incidents } from '../api/world.js';
import { startNeo4j } from '../servers/neo4j.js';
import { figure, median, type Figure } from './figure.js';

export interface QueryBenchOptions {
  /** In the graph, with 12 events each. */
  readonly incidents?: number;
  /** Measured rounds, after a third as many to warm up. */
  readonly rounds?: number;
}

export const run = (): Promise<Figure[]> => query({});

const since = '2026-11-20T00:00:00.000000000Z';

const question = `query ($first: Int, $since: DateTime) {
  incidents(first: $first, filter: {since: $since}) { edges { node {
    id status title severity confidence openedAt summary recommendation
    rootCauseEntity { kind namespace name }
    rootCauses { rank confidence event { id category message entity { kind namespace name } } }
    affected { role entity { kind namespace name } }
  } } }
}`;

/** The same answer by hand: one statement, as one would write it for this question alone. */
const raw = `MATCH (i:Incident) WHERE i.openedAt >= $since AND i.mergedInto IS NULL
WITH i ORDER BY i.openedAt DESC, i.id DESC LIMIT $first
OPTIONAL MATCH (root:Entity {id: i.rootCauseEntityId})
RETURN i {.id, .status, .title, .severity, .confidence, .openedAt, .summary, .recommendation,
  rootCauseEntity: root {.kind, .namespace, .name},
  rootCauses: COLLECT { MATCH (i)-[r:ROOT_CAUSE]->(e:Event)-[:ON]->(n:Entity)
    RETURN {rank: r.rank, confidence: r.confidence, event: e {.id, .category, .message, entity: n {.kind, .namespace, .name}}}
    ORDER BY r.rank },
  affected: COLLECT { MATCH (i)-[a:AFFECTS]->(n:Entity)
    RETURN {role: a.role, entity: n {.kind, .namespace, .name}} ORDER BY a.role DESC, n.id }
} AS node
ORDER BY i.openedAt DESC, i.id DESC`;

/**
 * The incident query over HTTP, from request to parsed answer, over one hand-written statement that gives the same answer through the
 * bare driver. The two take turns on the same Neo4j, and their answers are compared.
 */
export async function query({ incidents: count = 1_000, rounds = 90 }: QueryBenchOptions): Promise<Figure[]> {
  const log = pino({ level: 'silent' });
  const registry = new Registry();
  const server = await startNeo4j({ jvm: [] });
  const options = { url: server.url, user: 'neo4j', password: null, database: 'neo4j' };
  const graph = createNeo4jStore({ options, statements: loadStatements(), log, registry });
  const transport = createTransport({ kind: 'memory' }, { log, registry });
  const limits = { maxTokens: 4_000, maxDepth: 15, maxAliases: 30, maxCost: 100_000, maxQueue: 1_000 };
  const api = await createApi({ options: { host: '127.0.0.1', port: 0, ...limits }, graph, transport, log, registry });
  const driver = neo4j.driver(server.url, undefined, { disableLosslessIntegers: true });
  try {
    await Promise.all([graph.start(), transport.start()]);
    const store = createIncidentStore({ graph, log, registry });
    const all = incidents(count, 12);
    // As the correlator does: a few at a time.
    for (let begin = 0; begin < count; begin += 20) await store.commit(changeOf(all.slice(begin, begin + 20)));
    await api.start();
    const figures: Figure[] = [];
    for (const first of [1, 20, 100]) {
      const overApi: number[] = [];
      const overBolt: number[] = [];
      const warmUp = Math.ceil(rounds / 3);
      for (let round = -warmUp; round < rounds; round += 1) {
        const [apiMs, fromApi] = await timed(() => askApi(api.url!, first));
        const [boltMs, fromBolt] = await timed(() => askBolt(driver, first));
        if (round === -warmUp) deepStrictEqual(fromApi, fromBolt);
        if (round < 0) continue;
        overApi.push(apiMs);
        overBolt.push(boltMs);
      }
      figures.push(
        figure(`incidents(first: ${first}) with causes and entities, median`, median(overApi), 'ms', median(overBolt)),
      );
    }
    return figures;
  } finally {
    await api.stop();
    await driver.close();
    await transport.stop();
    await graph.stop();
    await server.stop();
  }
}

async function timed<Answer>(ask: () => Promise<Answer>): Promise<readonly [number, Answer]> {
  const begun = performance.now();
  const answer = await ask();
  return [performance.now() - begun, answer];
}

async function askApi(url: string, first: number): Promise<unknown[]> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: question, variables: { first, since } }),
  });
  const { data, errors } = (await response.json()) as {
    data?: { incidents: { edges: { node: unknown }[] } };
    errors?: unknown;
  };
  if (!data) throw new Error(`the API answered ${JSON.stringify(errors)}`);
  return data.incidents.edges.map(({ node }) => node);
}

async function askBolt(driver: Driver, first: number): Promise<unknown[]> {
  const session = driver.session({ database: 'neo4j' });
  const { records } = await session.executeRead((tx) => tx.run(raw, { first: neo4j.int(first), since }));
  await session.close();
  return records.map((record): unknown => record.get('node'));
}
