import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createIncidentStore, type IncidentStore } from '../../ingest/store.js';
import { loadStatements, type Statements } from '../../src/graph/statements.js';
import { type GraphStore } from '../../src/graph/store.js';
import { readParameters, writeRows } from './parameters.js';
import { cartStory, event, events, incidentId, moment, otherIncidentId, wholeChange, world } from './story.js';

export const statements = loadStatements();
export const readNames = [...statements.names('read'), ...statements.names('explore')];
const silent = pino({ level: 'silent' });

type Rows = Record<string, unknown>[];

/** For the stores of tests: the statements of cypher/, and whatever Cypher is given in place of a name. */
export const openStatements: Statements = {
  ...statements,
  get: (name) =>
    name.includes(' ') ? { name, about: '', hints: [], parameters: [], text: name } : statements.get(name),
};

export function ask(graph: GraphStore, cypher: string): Promise<Rows> {
  return graph.read(cypher, {});
}

export async function empty(graph: GraphStore): Promise<void> {
  await graph.write([{ statement: 'MATCH (n) DETACH DELETE n', rows: [{ id: 'all' }] }]);
}

/** Everything in the graph, in an order of its own: two graphs are the same when these are equal. */
export async function snapshot(graph: GraphStore): Promise<Rows> {
  const nodes = await ask(graph, 'MATCH (n) RETURN labels(n) AS labels, properties(n) AS properties');
  const edges = await ask(
    graph,
    `MATCH (a)-[r]->(b) RETURN type(r) AS type, properties(r) AS properties, a.id AS source, b.id AS target`,
  );
  return [...nodes.map(sortedLabels), ...edges].sort((a, b) => (sortedJson(a) < sortedJson(b) ? -1 : 1));
}

/** What every store behind the port has to do; `opening` gives one that is started, empty, and this suite's alone. */
export function graphContract(name: string, opening: () => Promise<GraphStore>): void {
  describe(`the graph port on ${name}`, () => {
    let graph: GraphStore;
    let store: IncidentStore;

    beforeAll(async () => {
      graph = await opening();
      store = createIncidentStore({ graph, log: silent, registry: new Registry() });
    }, 120_000);
    afterAll(() => graph.stop());

    const incident = async (id = incidentId) =>
      (await ask(graph, `MATCH (i:Incident {id: '${id}'}) RETURN properties(i) AS p`))[0]?.['p'] as Record<
        string,
        unknown
      >;
    const count = async (pattern: string) =>
      (await ask(graph, `MATCH ${pattern} RETURN count(*) AS n`))[0]!['n'] as number;

    test('reads nothing from an empty graph, with every statement that reads', async () => {
      for (const statement of readNames) {
        for (const parameters of readParameters[statement] ?? []) {
          const rows = await graph.read(statement, parameters);
          expect({ statement, rows: rows.filter(tellsSomething) }).toEqual({ statement, rows: [] });
        }
      }
    });

    test('runs every statement that writes, alone and twice, and leaves the same graph', async () => {
      await empty(graph);
      const byFile = [...writeRows].map(([statement, rows]) => ({ statement, rows }));
      for (const batch of byFile) await graph.write([batch]);
      await store.commit(wholeChange());
      const before = await snapshot(graph);
      for (const batch of byFile) if (!batch.statement.includes('clear-')) await graph.write([batch]);
      expect(await snapshot(graph)).toEqual(before);
    });

    test('a commit writes every node and edge of its change, once', async () => {
      await empty(graph);
      await store.commit(wholeChange());
      expect(await count('(e:Event)')).toBe(Object.keys(events).length);
      expect(await count('(e:Event)-[:ON]->(n:Entity)')).toBe(Object.keys(events).length);
      // And the one that is gone.
      expect(await count('(n:Entity)')).toBe(Object.keys(world).length + 1);
      expect(await count('(i:Incident)')).toBe(2);
      expect(await count('()-[c:CAUSED]->()')).toBe(6);
      expect(await count('()-[r:ROOT_CAUSE]->()')).toBe(3);
      expect(await count('()-[r:AFFECTS]->()')).toBe(5);
      expect(await count('()-[r:PART_OF]->()')).toBe(8);
      expect(await count('(s:Source)')).toBe(1);
      expect(await incident()).toMatchObject({
        namespaces: ['shop'],
        severityRank: 3,
        causes: 2,
        annotationsJson: '[]',
        rootCauseEntityId: world.container.id,
      });
    });

    test('an entity carries its kind as a second label, unless the kind is not a known one', async () => {
      expect(await count(`(n:Entity:Container {id: '${world.container.id}'})`)).toBe(1);
      const rows = await ask(
        graph,
        `MATCH (n {id: '${world.certificate.id}'}) RETURN labels(n) AS labels, n.kind AS kind`,
      );
      expect(rows).toEqual([{ labels: ['Entity'], kind: 'Certificate' }]);
    });

    test('an entity that is only mentioned is created, from its id where nothing else is known', async () => {
      const rows = await ask(graph, `MATCH (n:Entity:ConfigMap) RETURN n {.*} AS n`);
      const { uid: _unknown, ...known } = world.config;
      expect(rows).toEqual([{ n: known }]);
    });

    test('an entity whose cluster name holds slashes is read back from its id', async () => {
      const cluster = 'arn:aws:eks:eu-west-1:1:cluster/prod';
      await store.commit(
        wholeChange({
          events: [],
          entities: [],
          relationsClosed: [],
          results: [],
          sources: [],
          relationsOpened: [
            {
              type: 'OWNS',
              from: `${cluster}/shop/Pod/a`,
              to: `${cluster}/shop/Container/a/b`,
              validFrom: moment.before,
              validTo: null,
            },
          ],
        }),
      );
      const rows = await ask(
        graph,
        `MATCH (n:Entity) WHERE n.cluster = '${cluster}' RETURN n.kind AS kind, n.namespace AS namespace, n.name AS name ORDER BY kind`,
      );
      expect(rows).toEqual([
        { kind: 'Container', namespace: 'shop', name: 'a/b' },
        { kind: 'Pod', namespace: 'shop', name: 'a' },
      ]);
    });

    test('the same commit twice leaves the same graph', async () => {
      await empty(graph);
      await store.commit(wholeChange());
      const before = await snapshot(graph);
      await store.commit(wholeChange());
      expect(await snapshot(graph)).toEqual(before);
    });

    test('a revision replaces the edges and memberships of the one before, and leaves other incidents alone', async () => {
      const story = cartStory();
      await store.commit(
        wholeChange({
          results: [
            cartStory({
              revision: 2,
              events: story.events.slice(0, 3),
              edges: story.edges.slice(0, 1),
              rootCauses: story.rootCauses.slice(0, 1),
              entities: story.entities.slice(0, 2),
              title: 'second',
            }),
          ],
        }),
      );
      expect(await count(`()-[c:CAUSED {incidentId: '${incidentId}'}]->()`)).toBe(1);
      expect(await count(`(e:Event)-[:PART_OF]->(:Incident {id: '${incidentId}'})`)).toBe(3);
      expect(await count(`(:Incident {id: '${incidentId}'})-[:ROOT_CAUSE]->()`)).toBe(1);
      expect(await count(`(:Incident {id: '${incidentId}'})-[:AFFECTS]->()`)).toBe(2);
      expect(await count(`()-[c:CAUSED {incidentId: '${otherIncidentId}'}]->()`)).toBe(1);
      expect(await count(`(e:Event)-[:PART_OF]->(:Incident {id: '${otherIncidentId}'})`)).toBe(2);
      expect((await incident())['title']).toBe('second');
    });

    test('a revision that arrives after a newer one changes nothing', async () => {
      const before = await snapshot(graph);
      await store.commit(wholeChange({ results: [cartStory({ revision: 1, title: 'late' })] }));
      expect(await snapshot(graph)).toEqual(before);
    });

    test('of two revisions in one change the newer stays, whatever their order', async () => {
      const results = [cartStory({ revision: 5, title: 'fifth' }), cartStory({ revision: 4, title: 'fourth' })];
      await store.commit(wholeChange({ results }));
      expect(await incident()).toMatchObject({ revision: 5, title: 'fifth' });
      expect(await count(`(e:Event)-[:PART_OF]->(:Incident {id: '${incidentId}'})`)).toBe(6);
    });

    test('an event that grew is not shrunk by an earlier telling of it', async () => {
      const grown = { ...events.refused, count: 100, lastSeen: moment.after };
      await store.commit(wholeChange({ events: [grown] }));
      await store.commit(wholeChange({ events: [events.refused] }));
      const rows = await ask(
        graph,
        `MATCH (e:Event {id: '${grown.id}'}) RETURN e.count AS count, e.lastSeen AS lastSeen`,
      );
      expect(rows).toEqual([{ count: 100, lastSeen: moment.after }]);
    });

    test('a closed relation stays closed when its opening is told again', async () => {
      const [opened] = wholeChange().relationsOpened;
      const closed = { ...opened!, validTo: moment.after };
      await store.commit(wholeChange({ relationsOpened: [], relationsClosed: [closed] }));
      await store.commit(wholeChange({ relationsClosed: [] }));
      const rows = await ask(
        graph,
        `MATCH ({id: '${closed.from}'})-[r:OWNS]->({id: '${closed.to}'}) RETURN r.validFrom AS validFrom, r.validTo AS validTo`,
      );
      expect(rows).toEqual([{ validFrom: moment.before, validTo: moment.after }]);
    });

    test('a property that has become null goes away', async () => {
      const [row] = wholeChange().entities;
      await store.commit(wholeChange({ entities: [{ ...row!, deletedAt: moment.after }] }));
      await store.commit(wholeChange({ entities: [row!] }));
      const rows = await ask(graph, `MATCH (n:Entity {id: '${row!.entity.id}'}) RETURN n.deletedAt AS deletedAt`);
      expect(rows).toEqual([{ deletedAt: null }]);
    });

    test('writers at the same time do not disturb each other', async () => {
      await empty(graph);
      const many = Array.from({ length: 8 }, (_, writer) =>
        wholeChange({
          results: [cartStory({ revision: writer + 1 })],
          events: [...Object.values(events), event(world.pod, 'log.error', writer, 'line')],
        }),
      );
      await Promise.all(many.map((change) => store.commit(change)));
      expect((await incident())['revision']).toBe(8);
      expect(await count('(e:Event)')).toBe(Object.keys(events).length + 8);
      expect(await count('()-[c:CAUSED]->()')).toBe(5);
      expect(await count(`(e:Event)-[:PART_OF]->(:Incident)`)).toBe(6);
    });

    test('a batch that the store rejects leaves nothing of its transaction', async () => {
      await empty(graph);
      const good = {
        statement: 'write/sources',
        rows: [{ id: 'a', lastSeen: moment.opened, properties: { state: 'healthy' } }],
      };
      const bad = {
        statement: 'UNWIND $rows AS row CREATE (:Source {id: toString(1 / row.zero)})',
        rows: [{ id: 'b', zero: 0 }],
      };
      await expect(graph.write([good, bad])).rejects.toMatchObject({ code: 'GRAPH_REJECTED', kind: 'poison' });
      expect(await count('(s:Source)')).toBe(0);
    });

    test('a statement that does not exist is refused, and the nearest named', async () => {
      await expect(graph.read('explore/root-cuase', {})).rejects.toMatchObject({
        code: 'GRAPH_STATEMENT_UNKNOWN',
        message: expect.stringContaining('explore/root-cause') as unknown,
      });
    });

    test('it says that it is well', async () => {
      expect(await graph.health()).toEqual({ connected: true, reason: null });
    });
  });
}

/** An aggregate over nothing is a row too: of zeros, nulls and empty lists. */
function tellsSomething(row: Record<string, unknown>): boolean {
  return Object.values(row).some(
    (value) => value !== null && value !== 0 && !(Array.isArray(value) && value.length === 0),
  );
}

function sortedLabels(row: Record<string, unknown>): Record<string, unknown> {
  return { ...row, labels: [...(row['labels'] as string[])].sort() };
}

/** JSON with keys in order: the stores list the properties of a map in orders of their own. */
export function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}
