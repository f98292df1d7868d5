import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createIncidentStore } from '../../ingest/store.js';
import { createEmbeddedStore } from '../../src/graph/embedded.js';
import { createNeo4jStore } from '../../src/graph/neo4j.js';
import { type GraphStore } from '../../src/graph/store.js';
import { describeWith } from '../servers/availability.js';
import { type Neo4jServer, startNeo4j } from '../servers/neo4j.js';
import { freePort } from '../servers/processes.js';
import { ask, empty, graphContract, openStatements, readNames, snapshot, sortedJson } from './contract.js';
import { readParameters, writeRows } from './parameters.js';
import { retentionContract } from './retention.js';
import { cartStory, event, wholeChange, world } from './story.js';

const log = pino({ level: 'silent' });

function neo4jStore(url: string, patienceMs = 30_000): GraphStore {
  const options = { url, user: 'neo4j', password: null, database: 'neo4j', patienceMs };
  return createNeo4jStore({ options, statements: openStatements, log, registry: new Registry() });
}

async function started(graph: GraphStore): Promise<GraphStore> {
  await graph.start();
  return graph;
}

describe('every file of cypher/', () => {
  const files = [...readNames, ...openStatements.names('write')];

  test('says what it answers in a comment that leads it', () => {
    const silentFiles = [...files, ...openStatements.names('schema')].filter(
      (name) => openStatements.get(name).about.length < 10,
    );
    expect(silentFiles).toEqual([]);
  });

  test('has example parameters', () => {
    const families = new Set([...writeRows.keys()].map((name) => name.split(':')[0]!));
    const missing = files.filter((name) => {
      const given = name.startsWith('write/') ? families.has(name.split(':')[0]!) : readParameters[name]?.length;
      return !given;
    });
    expect(missing).toEqual([]);
  });

  test('of cypher/explore hints at each parameter it takes, as it is typed into Neo4j Browser', () => {
    for (const name of openStatements.names('explore')) {
      const { hints, parameters } = openStatements.get(name);
      expect({ name, parameters: hints.map((hint) => hint.split(' => ')[0]).sort() }).toEqual({
        name,
        parameters: [...parameters].sort(),
      });
    }
  });
});

describeWith(['neo4j'], 'on real Neo4j', () => {
  let server: Neo4jServer;
  beforeAll(async () => {
    server = await startNeo4j();
  }, 180_000);
  afterAll(() => server?.stop());

  graphContract('Neo4j', () => started(neo4jStore(server.url)));
  retentionContract('Neo4j', async () => {
    const graph = await started(neo4jStore(server.url));
    await empty(graph);
    return graph;
  });

  describe('both stores, on what the same commit wrote', () => {
    let neo4j: GraphStore;
    let embedded: GraphStore;

    beforeAll(async () => {
      neo4j = await started(neo4jStore(server.url));
      embedded = await started(
        createEmbeddedStore({ path: null, statements: openStatements, log, registry: new Registry() }),
      );
      await empty(neo4j);
      for (const graph of [neo4j, embedded]) {
        await createIncidentStore({ graph, log, registry: new Registry() }).commit(wholeChange());
      }
    }, 60_000);
    afterAll(async () => {
      await neo4j.stop();
      await embedded.stop();
    });

    test('hold the same graph', async () => {
      expect(await snapshot(embedded)).toEqual(await snapshot(neo4j));
    });

    test.each(readNames)('answer %s with the same rows', async (name) => {
      const answers = [];
      for (const parameters of readParameters[name] ?? []) {
        const rows = await neo4j.read(name, parameters);
        expect(JSON.parse(sortedJson(await embedded.read(name, parameters)))).toEqual(JSON.parse(sortedJson(rows)));
        answers.push(...rows);
      }
      // A query that finds nothing in the story is not tested by it.
      expect(answers).not.toEqual([]);
    });
  });

  describe('a server that is killed', () => {
    let graph: GraphStore;
    beforeAll(async () => {
      graph = await started(neo4jStore(server.url, 120_000));
    }, 60_000);
    afterAll(() => graph.stop());

    const changes = Array.from({ length: 16 }, (_, i) =>
      wholeChange({
        events: [
          ...wholeChange().events,
          ...Array.from({ length: 20 }, (_, k) => event(world.pod, 'log.error', i * 20 + k, 'line')),
        ],
        results: [cartStory({ revision: i + 1 })],
      }),
    );

    test('in the middle of writes and then started again has the same graph as one that never died', async () => {
      const store = createIncidentStore({ graph, log, registry: new Registry() });
      await empty(graph);
      for (const change of changes) await store.commit(change);
      const undisturbed = await snapshot(graph);

      await empty(graph);
      const first = changes.length / 4;
      for (const change of changes.slice(0, first)) await store.commit(change);
      // Under way when the server dies: some of these are committed, one may be half sent, the rest find nobody.
      const underWay = Promise.all(changes.slice(first).map((change) => store.commit(change)));
      await server.kill();
      expect(await graph.health()).toMatchObject({
        connected: false,
        reason: expect.stringContaining('NEO4J_URL') as unknown,
      });
      await server.restart();
      await underWay;

      expect(await snapshot(graph)).toEqual(undisturbed);
      const twice = `MATCH (n) WITH n.id AS id, labels(n)[0] AS label, count(*) AS copies WHERE copies > 1 RETURN id, label, copies`;
      expect(await ask(graph, twice)).toEqual([]);
      const parallel = `MATCH (a)-[r]->(b) WITH a.id AS source, b.id AS target, type(r) AS type, r.rule AS rule, r.id AS id, r.rank AS rank, count(*) AS copies WHERE copies > 1 RETURN source, target, type, copies`;
      expect(await ask(graph, parallel)).toEqual([]);
    }, 180_000);
  });
});

describe('a server that is not there', () => {
  test('start gives up in time, and says what to do', async () => {
    const graph = neo4jStore(`bolt://127.0.0.1:${await freePort()}`, 200);
    await expect(graph.start()).rejects.toMatchObject({
      code: 'GRAPH_UNAVAILABLE',
      kind: 'transient',
      message: expect.stringContaining('NEO4J_URL') as unknown,
    });
    expect(await graph.health()).toMatchObject({ connected: false });
  });
});
