import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Client } from 'graphql-ws';
import type { Api } from '../../src/api/server.js';
import { fromEpochMs, toEpochMs } from '../../src/model/time.js';
import { events as storyEvents, cartStory, incidentId as cartId, wholeChange, world as story } from '../graph/story.js';
import {
  ask,
  commit,
  connect,
  counting,
  publish,
  startApi,
  subscribe,
  until,
  type CountingGraph,
  type Stores,
} from './harness.js';
import { changeOf, incident, incidents } from './world.js';

interface Page<Node> {
  readonly edges: readonly { readonly cursor: string; readonly node: Node }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly endCursor: string | null;
  };
  readonly totalCount: number;
}
interface Listed {
  readonly id: string;
  readonly status: string;
  readonly severity: string;
  readonly openedAt: string;
  readonly updatedAt: string;
}

/** The question that the lab asks of a product. */
const labQuestion = (since: string) => `query {
  incidents(first: 20, filter: {since: "${since}"}) { edges { node {
    id status title severity confidence openedAt summary recommendation
    rootCauseEntity { kind namespace name }
    rootCauses { rank confidence event { id category message entity { kind namespace name } } }
    affected { role entity { kind namespace name } }
  } } }
}`;

/** The API over whatever stores: the same answers, pages and subscriptions. */
export function apiContract(open: () => Promise<Stores & { close(): Promise<void> }>): void {
  const count = 45;
  const all = incidents(count);
  let stores: Awaited<ReturnType<typeof open>>;
  let graph: CountingGraph;
  let api: Api;

  beforeAll(async () => {
    stores = await open();
    graph = counting(stores.graph);
    api = await startApi({ ...stores, graph });
    await commit(graph, wholeChange());
    await commit(graph, changeOf(all));
  }, 120_000);
  afterAll(async () => {
    await api?.stop();
    await stores?.close();
  }, 60_000);

  const listed = async (conditions: string): Promise<Page<Listed>> => {
    const fields = 'id status severity openedAt updatedAt';
    const answer = await ask<{ incidents: Page<Listed> }>(
      api,
      `{ incidents(${conditions}) { edges { cursor node { ${fields} } } pageInfo { hasNextPage hasPreviousPage endCursor } totalCount } }`,
    );
    expect(answer.errors).toBeUndefined();
    return answer.data.incidents;
  };

  /** Every page by cursor, checked for being whole and without repetition. */
  const allPages = async (conditions: string, first: number): Promise<Listed[]> => {
    const nodes: Listed[] = [];
    for (let after: string | null = null; ;) {
      const page: Page<Listed> = await listed(
        `first: ${first} ${after === null ? '' : `after: "${after}"`} ${conditions}`,
      );
      nodes.push(...page.edges.map(({ node }) => node));
      expect(page.pageInfo.hasPreviousPage).toBe(after !== null);
      if (!page.pageInfo.hasNextPage) break;
      expect(page.edges).toHaveLength(first);
      after = page.pageInfo.endCursor;
    }
    expect(new Set(nodes.map(({ id }) => id)).size).toBe(nodes.length);
    return nodes;
  };

  describe('queries', () => {
    test('the question of the lab is answered as it stands', async () => {
      const { data, errors } = await ask<{ incidents: Page<unknown> }>(api, labQuestion(storyEvents.oom.timestamp));
      expect(errors).toBeUndefined();
      expect(data.incidents.edges[1]!.node).toEqual({
        id: cartId,
        status: 'OPEN',
        title: 'cart is out of memory',
        severity: 'CRITICAL',
        confidence: 0.93,
        openedAt: '2026-11-24T12:00:00.000000000Z',
        summary: cartStory().summary,
        recommendation: cartStory().recommendation,
        rootCauseEntity: { kind: 'Container', namespace: 'shop', name: 'cart-6f9-abc/cart' },
        rootCauses: [
          {
            rank: 1,
            confidence: 0.93,
            event: {
              id: storyEvents.oom.id,
              category: 'container.oom-killed',
              message: storyEvents.oom.semantic.message,
              entity: { kind: 'Container', namespace: 'shop', name: 'cart-6f9-abc/cart' },
            },
          },
          {
            rank: 2,
            confidence: 0.07,
            event: {
              id: storyEvents.change.id,
              category: 'change.spec',
              message: storyEvents.change.semantic.message,
              entity: { kind: 'Deployment', namespace: 'shop', name: 'cart' },
            },
          },
        ],
        affected: expect.arrayContaining([
          { role: 'ROOT_CAUSE', entity: { kind: 'Container', namespace: 'shop', name: 'cart-6f9-abc/cart' } },
          { role: 'AFFECTED', entity: { kind: 'Service', namespace: 'shop', name: 'cart' } },
        ]),
      });
    });

    test('an incident has its whole story', async () => {
      const { data, errors } = await ask<{ incident: { causalGraph: { nodes: unknown[]; edges: unknown[] } } }>(
        api,
        `query ($id: ID!) { incident(id: $id) {
          revision category mergedInto mergedIncident { id } resolvedAt namespaces cluster
          rootCauses { rank category whyNot evidence { text weight eventId } entity { id uid } incident { id } }
          contradictions { text weight eventId }
          sourceHealth { source state lost }
          timeline { at kind text eventId }
          annotations { text }
          events(first: 3) { totalCount pageInfo { hasNextPage } edges { node { timestamp category severity count attributes { name value } } } }
          causalGraph { truncated nodes { id } edges { from { id } to { id } rule evidence confidence temporal spatial causal semantic lagMs } }
        } }`,
        { id: cartId },
      );
      expect(errors).toBeUndefined();
      expect(data).toMatchObject({
        incident: {
          revision: 1,
          category: 'container.oom-killed',
          mergedInto: null,
          mergedIncident: null,
          resolvedAt: null,
          namespaces: ['shop'],
          rootCauses: [
            {
              whyNot: null,
              evidence: [{ text: 'the kernel names the victim', weight: 3.2, eventId: storyEvents.oom.id }],
              entity: { id: story.container.id, uid: story.container.uid },
              incident: { id: cartId },
            },
            { whyNot: 'a change alone is never guilt', entity: { id: story.deployment.id } },
          ],
          contradictions: [{ text: 'no memory pressure on node-1', weight: -0.3, eventId: null }],
          sourceHealth: [{ source: 'kernel@node-1', state: 'HEALTHY', lost: 0 }],
          timeline: [{ at: storyEvents.oom.timestamp, kind: 'OPENED', text: 'opened', eventId: storyEvents.oom.id }],
          annotations: [],
          events: {
            totalCount: 6,
            pageInfo: { hasNextPage: true },
            edges: [
              {
                node: {
                  timestamp: '2026-11-24T12:00:00.000000000Z',
                  category: 'container.oom-killed',
                  attributes: [
                    { name: 'comm', value: 'node' },
                    { name: 'limitBytes', value: '67108864' },
                  ],
                },
              },
              { node: { category: 'container.terminated' } },
              { node: { timestamp: '2026-11-24T12:00:01.000250000Z', category: 'pod.not-ready' } },
            ],
          },
          causalGraph: { truncated: false },
        },
      });
      const { causalGraph } = data.incident;
      expect(causalGraph.nodes).toHaveLength(6);
      expect(causalGraph.edges).toHaveLength(cartStory().edges.length);
      expect(causalGraph.edges).toContainEqual({
        from: { id: storyEvents.oom.id },
        to: { id: storyEvents.terminated.id },
        rule: 'oom-terminates-container',
        evidence: [storyEvents.oom.semantic.message, storyEvents.terminated.semantic.message],
        confidence: 0.99,
        temporal: 0.9,
        spatial: 1,
        causal: 0.99,
        semantic: 0.5,
        lagMs: 120,
      });
    });

    test('an unknown id is null, and NOT_FOUND where there is nothing to start from', async () => {
      const { data, errors } = await ask(
        api,
        '{ incident(id: "no") { id } event(id: "no") { id } entity(id: "no") { id } }',
      );
      expect({ data, errors }).toEqual({ data: { incident: null, event: null, entity: null }, errors: undefined });
      for (const query of [
        '{ causalChain(from: "no", direction: BOTH) { nodes { id } } }',
        '{ topology(entity: "no") { root { id } } }',
      ]) {
        expect((await ask(api, query)).errors).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
      }
    });

    test('events and entities are found by every condition', async () => {
      const { data, errors } = await ask(
        api,
        `query ($entity: ID!) {
          one: events(filter: {since: "2026-11-24T12:00:00+00:00", category: "call.refused", namespace: "shop", cluster: "lab", type: "log", text: "CANNOT reach", traceId: "4bf92f3577b34da6a3ce929d0e0e4736", entity: $entity, severity: [ERROR]}) {
            totalCount edges { node { id count entity { id } incidents { id } } } }
          none: events(filter: {since: "2026-11-24T12:00:00Z", until: "2026-11-24T12:00:00Z"}) { totalCount edges { node { id } } }
          entities(filter: {kind: "Pod", namespace: "shop", text: "CART", deleted: false}) { totalCount edges { node { id labels { name value } facts { name value } } } }
        }`,
        { entity: story.callerPod.id },
      );
      expect(errors).toBeUndefined();
      expect(data).toEqual({
        one: {
          totalCount: 1,
          edges: [
            {
              node: {
                id: storyEvents.refused.id,
                count: 42,
                entity: { id: story.callerPod.id },
                incidents: [{ id: cartId }],
              },
            },
          ],
        },
        none: { totalCount: 0, edges: [] },
        entities: {
          totalCount: 1,
          edges: [
            {
              node: {
                id: story.pod.id,
                labels: [{ name: 'app', value: story.pod.name }],
                facts: [
                  { name: 'ready', value: 'true' },
                  { name: 'replicas', value: '1' },
                ],
              },
            },
          ],
        },
      });
    });

    test('root causes are listed with their incidents, alternatives only when asked for', async () => {
      const query = (
        alternatives: boolean,
      ) => `{ rootCauses(first: 3, filter: {namespace: "shop", since: "2026-11-24T00:00:00Z", alternatives: ${alternatives}}) {
        totalCount edges { node { rank category incident { id } entity { id } event { id } } } } }`;
      const verdict = {
        rank: 1,
        category: 'container.oom-killed',
        incident: { id: cartId },
        entity: { id: story.container.id },
        event: { id: storyEvents.oom.id },
      };
      expect((await ask(api, query(false))).data).toEqual({
        rootCauses: { totalCount: 1, edges: [{ node: verdict }] },
      });
      expect((await ask(api, query(true))).data).toMatchObject({
        rootCauses: { totalCount: 2, edges: [{ node: verdict }, { node: { rank: 2, category: 'change.spec' } }] },
      });
    });

    test('a causal chain is followed either way, from an event and from an incident, as deep as asked', async () => {
      const chain = async (from: string, direction: string, depth: number) => {
        const answer = await ask<{
          causalChain: { nodes: { id: string }[]; edges: { from: { id: string }; to: { id: string } }[] };
        }>(
          api,
          'query ($from: ID!, $direction: CausalDirection!, $depth: Int) { causalChain(from: $from, direction: $direction, depth: $depth) { nodes { id } edges { from { id } to { id } } } }',
          { from, direction, depth },
        );
        expect(answer.errors).toBeUndefined();
        return {
          nodes: answer.data.causalChain.nodes.map(({ id }) => id),
          edges: answer.data.causalChain.edges.length,
        };
      };
      const { oom, terminated, notReady, noEndpoints, restarted, refused } = storyEvents;
      expect(await chain(oom.id, 'EFFECTS', 1)).toEqual({ nodes: [oom.id, terminated.id], edges: 1 });
      expect(await chain(refused.id, 'CAUSES', 10)).toEqual({
        nodes: [oom, terminated, notReady, noEndpoints, refused].map(({ id }) => id),
        edges: 4,
      });
      expect(await chain(cartId, 'EFFECTS', 10)).toEqual({
        nodes: [oom, terminated, notReady, noEndpoints, restarted, refused].map(({ id }) => id),
        edges: 5,
      });
      expect(await chain(cartId, 'BOTH', 10)).toEqual(await chain(cartId, 'CAUSES', 10));
      expect(await chain(oom.id, 'CAUSES', 10)).toEqual({ nodes: [oom.id], edges: 0 });
    });

    test('the topology is as it was at the time asked for', async () => {
      const around = async (entity: string, depth: number, asOf: string) => {
        const answer = await ask<{
          topology: { nodes: { id: string }[]; relations: { type: string; from: string; to: string }[] };
        }>(
          api,
          'query ($entity: ID!, $depth: Int, $asOf: DateTime) { topology(entity: $entity, depth: $depth, asOf: $asOf) { nodes { id } relations { type from to validFrom validTo } } }',
          { entity, depth, asOf },
        );
        expect(answer.errors).toBeUndefined();
        return answer.data.topology;
      };
      const during = await around(story.pod.id, 1, '2026-11-24T12:01:00Z');
      expect(during.nodes.map(({ id }) => id)).toEqual(
        [story.pod, story.container, story.replicaSet, story.node, story.service, story.config]
          .map(({ id }) => id)
          .sort(),
      );
      const onNode = ({ relations }: typeof during) =>
        relations.filter(({ type }) => type === 'RUNS_ON').map(({ from }) => from);
      expect(onNode(await around(story.node.id, 1, '2026-11-24T11:30:00Z'))).toContain(story.otherPod.id);
      expect(onNode(await around(story.node.id, 1, '2026-11-24T12:01:00Z'))).not.toContain(story.otherPod.id);
      const far = await around(story.ingress.id, 4, '2026-11-24T12:01:00Z');
      expect(far.nodes.map(({ id }) => id)).toEqual(expect.arrayContaining([story.node.id, story.deployment.id]));
    });

    test('sources and figures', async () => {
      const { data, errors } = await ask<{ stats: Record<string, unknown> }>(
        api,
        `{ sourceHealth { source state reason lost lastSeen }
           stats(filter: {since: "2026-11-20T00:00:00Z", until: "2026-11-21T00:00:00Z"}) {
             open opened truncated meanTimeToDetectMs meanTimeToResolveMs
             bySeverity { severity count } byCategory { category count } topRootCauseEntities { count entity { kind name } } } }`,
      );
      expect(errors).toBeUndefined();
      expect(data).toMatchObject({
        sourceHealth: [{ source: 'kernel@node-1', state: 'HEALTHY', lost: 0 }],
        stats: {
          opened: count,
          open: count - all.filter(({ result }) => result.status === 'RESOLVED').length,
          truncated: false,
          meanTimeToDetectMs: 2_000,
          meanTimeToResolveMs: 120_000,
          bySeverity: [
            { severity: 'CRITICAL', count: 23 },
            { severity: 'ERROR', count: 11 },
            { severity: 'WARNING', count: 11 },
          ],
        },
      });
      expect(data.stats['topRootCauseEntities']).toHaveLength(10);
    });

    test('a variable that does not fit is refused with its name', async () => {
      const { status, errors } = await ask(
        api,
        'query ($since: DateTime) { incidents(filter: {since: $since}) { totalCount } }',
        {
          since: 'yesterday',
        },
      );
      expect(status).toBe(400);
      expect(errors).toMatchObject([
        { message: expect.stringContaining('$since'), extensions: { code: 'BAD_USER_INPUT' } },
      ]);
    });
  });

  describe('lists', () => {
    test('of incidents come newest first, in pages without gap or repetition', async () => {
      const nodes = await allPages('', 7);
      expect(nodes).toHaveLength(count + 2);
      const byTime = [...nodes].sort((a, b) => (a.openedAt > b.openedAt ? -1 : 1));
      expect(nodes).toEqual(byTime);
      expect((await listed('first: 1')).totalCount).toBe(count + 2);
    });

    test('can be ordered by each field in each direction', async () => {
      const ranks = ['INFO', 'WARNING', 'ERROR', 'CRITICAL'];
      const keys: Record<string, (node: Listed) => string> = {
        OPENED_AT: (node) => node.openedAt,
        UPDATED_AT: (node) => node.updatedAt,
        SEVERITY: (node) => `${ranks.indexOf(node.severity)}${node.openedAt}`,
      };
      for (const [field, key] of Object.entries(keys)) {
        for (const direction of ['ASC', 'DESC']) {
          const nodes = await allPages(`orderBy: {field: ${field}, direction: ${direction}}`, 11);
          expect(nodes).toHaveLength(count + 2);
          const sorted = nodes.map(key).sort();
          expect(nodes.map(key)).toEqual(direction === 'ASC' ? sorted : sorted.reverse());
        }
      }
    });

    test('hold what every condition keeps', async () => {
      const results = [...all.map(({ result }) => result), cartStory()];
      const expected = async (conditions: string, keep: (result: (typeof results)[number]) => boolean) => {
        const filter = `filter: {since: "2026-11-20T00:00:00Z", ${conditions}}`;
        const nodes = (await allPages(filter, 10))
          .map(({ id }) => id)
          .filter((id) => results.some((result) => result.incidentId === id));
        expect(nodes.sort()).toEqual(
          results
            .filter(keep)
            .map(({ incidentId }) => incidentId)
            .sort(),
        );
      };
      await expected('severity: [CRITICAL]', ({ severity }) => severity === 'CRITICAL');
      await expected('severity: []', () => false);
      await expected('status: [OPEN, ACKNOWLEDGED]', ({ status }) => status !== 'RESOLVED');
      await expected('namespace: "batch"', ({ namespaces }) => namespaces.includes('batch'));
      await expected('cluster: "another"', () => false);
      await expected('category: "image.not-found"', ({ category }) => category === 'image.not-found');
      await expected('text: "APP 1"', ({ title }) => title.includes('app 1'));
      await expected(`entity: "${story.service.id}"`, ({ incidentId }) => incidentId === cartId);
      const since = all[10]!.result.openedAt;
      const untilTime = all[20]!.result.openedAt;
      const { edges } = await listed(`first: 100, filter: {since: "${since}", until: "${untilTime}"}`);
      expect(edges).toHaveLength(10);
      expect(edges.at(-1)!.node.openedAt).toBe(since);
    });

    test('keep their place while newer incidents come in', async () => {
      const first = await listed('first: 5, filter: {until: "2026-11-23T00:00:00Z"}');
      const late = incident(500, { openedAt: '2026-11-22T00:00:00.000000000Z' });
      await commit(graph, changeOf([late]));
      const second = await listed(
        `first: 5, after: "${first.pageInfo.endCursor}", filter: {until: "2026-11-23T00:00:00Z"}`,
      );
      expect([...first.edges, ...second.edges].map(({ node }) => node.id)).toEqual(
        all
          .slice(-10)
          .reverse()
          .map(({ result }) => result.incidentId),
      );
      // Merged incidents are not listed, but still found: which takes the late one away again.
      const merged = { ...late.result, id: `${late.result.incidentId}.2`, revision: 2, mergedInto: cartId };
      await commit(graph, { ...changeOf([]), results: [merged] });
      expect((await listed('first: 1')).totalCount).toBe(count + 2);
      const { data } = await ask(
        api,
        `{ incident(id: "${late.result.incidentId}") { mergedInto mergedIncident { title } } }`,
      );
      expect(data).toEqual({ incident: { mergedInto: cartId, mergedIncident: { title: 'cart is out of memory' } } });
    });

    test('of events, entities, root causes and the events of an incident page without gap or repetition', async () => {
      const walk = async (
        field: (page: string) => string,
        ids: (data: never) => { page: Page<unknown>; ids: string[] },
      ) => {
        const found: string[] = [];
        let total = 0;
        for (let after: string | null = null; ;) {
          const answer = await ask(api, `{ ${field(`first: 9 ${after === null ? '' : `after: "${after}"`}`)} }`);
          expect(answer.errors).toBeUndefined();
          const { page, ids: more } = ids(answer.data as never);
          found.push(...more);
          total = page.totalCount;
          if (!page.pageInfo.hasNextPage) break;
          after = page.pageInfo.endCursor;
        }
        expect(new Set(found).size).toBe(found.length);
        expect(found).toHaveLength(total);
        return found.length;
      };
      const fields = 'totalCount pageInfo { hasNextPage hasPreviousPage endCursor }';
      const page = <Node>(list: Page<Node>, id: (node: Node) => string) => ({
        page: list,
        ids: list.edges.map(({ node }) => id(node)),
      });
      expect(
        await walk(
          (args) => `events(${args}, filter: {until: "2026-11-20T09:00:00Z"}) { ${fields} edges { node { id } } }`,
          ({ events }: { events: Page<{ id: string }> }) => page(events, ({ id }) => id),
        ),
      ).toBe(count * 4);
      expect(
        await walk(
          (args) => `entities(${args}, filter: {kind: "Service"}) { ${fields} edges { node { id } } }`,
          ({ entities }: { entities: Page<{ id: string }> }) => page(entities, ({ id }) => id),
        ),
      ).toBe(count + 2);
      expect(
        await walk(
          (args) =>
            `rootCauses(${args}, filter: {until: "2026-11-21T00:00:00Z", alternatives: true}) { ${fields} edges { node { event { id } } } }`,
          ({ rootCauses }: { rootCauses: Page<{ event: { id: string } }> }) =>
            page(rootCauses, ({ event }) => event.id),
        ),
      ).toBe(count * 2);
      const long = incident(700, { openedAt: '2026-11-19T00:00:00.000000000Z' }, 60);
      await commit(graph, changeOf([long]));
      expect(
        await walk(
          (args) => `incident(id: "${long.result.incidentId}") { events(${args}) { ${fields} edges { node { id } } } }`,
          ({ incident: { events } }: { incident: { events: Page<{ id: string }> } }) => page(events, ({ id }) => id),
        ),
      ).toBe(59);
      const merged = { ...long.result, id: `${long.result.incidentId}.2`, revision: 2, mergedInto: cartId };
      await commit(graph, { ...changeOf([]), results: [merged] });
    });

    test('refuse what is no page', async () => {
      const code = async (conditions: string) =>
        (await ask(api, `{ incidents(${conditions}) { totalCount } }`)).errors?.[0]?.extensions.code;
      expect(await code('first: 501')).toBe('PAGE_TOO_LARGE');
      expect(await code('first: -1')).toBe('BAD_USER_INPUT');
      expect(await code('after: "made up"')).toBe('CURSOR_INVALID');
      const { pageInfo } = await listed('first: 1');
      expect(await code(`after: "${pageInfo.endCursor}", orderBy: {field: SEVERITY}`)).toBe('CURSOR_INVALID');
      expect(await code(`filter: {text: "${'x'.repeat(300)}"}`)).toBe('BAD_USER_INPUT');
    });
  });

  test('however many incidents are asked for, the number of statements is the same', async () => {
    const everything = (first: number) => `{ incidents(first: ${first}) { totalCount edges { node {
      id rootCauseEntity { name } mergedIncident { id } contradictions { text } timeline { text }
      rootCauses { event { message entity { name } incidents { id } } entity { name } incident { title } evidence { text } }
      affected { entity { name } }
      events(first: 5) { totalCount edges { node { message entity { name } } } }
      causalGraph { nodes { id entity { name } } edges { from { id } to { id } } }
    } } } }`;
    const generous = await startApi({ ...stores, graph }, { maxCost: 1_000_000 });
    const statementsFor = async (first: number) => {
      graph.statements.length = 0;
      const { data, errors } = await ask<{ incidents: Page<unknown> }>(generous, everything(first));
      expect(errors).toBeUndefined();
      expect(data.incidents.edges).toHaveLength(first);
      return [...graph.statements].sort();
    };
    try {
      const two = await statementsFor(2);
      expect(two.length).toBeLessThanOrEqual(20);
      expect(await statementsFor(40)).toEqual(two);
    } finally {
      await generous.stop();
    }
  }, 60_000);

  describe('subscriptions', () => {
    interface Changed {
      readonly incidentChanged: {
        readonly cursor: string;
        readonly kind: string;
        readonly incident: { readonly id: string; readonly revision: number };
      };
    }
    const changed =
      'subscription ($after: String, $filter: IncidentFilter) { incidentChanged(after: $after, filter: $filter) { cursor kind incident { id revision rootCauseEntity { kind } } } }';
    let client: Client;
    let live = 1_000;

    beforeAll(() => {
      client = connect(api);
    });
    afterAll(() => client?.dispose());

    /** Commits and publishes, as the correlator does. */
    const happen = async (...results: ReturnType<typeof incident>[]) => {
      await commit(graph, changeOf(results));
      await publish(
        stores.transport,
        results.map(({ result }) => result),
      );
    };
    /** A subscription that has surely begun: what is published from here on comes. */
    const begun = async <Data>(query: string, variables: Record<string, unknown> = {}, from: Client = client) => {
      const before = (await stores.transport.position('results')).last;
      const probe = incident(live++);
      const subscription = subscribe<Data>(from, { query, variables });
      while (subscription.received.length === 0) {
        const result = { ...probe.result, id: `${probe.result.incidentId}.${live}`, revision: live++ };
        await happen({ ...probe, result });
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return { ...subscription, before };
    };

    test('tell of every turn in the life of an incident, with the incident from the graph', async () => {
      const { received, leave } = await begun<Changed>(changed);
      const one = incident(live++);
      const turn = (revision: number, fields: object) =>
        incident(live - 1, { revision, id: `${one.result.incidentId}.${revision}`, ...fields });
      const at = one.result.openedAt;
      await happen(turn(1, { status: 'OPEN' }));
      await happen(turn(2, { status: 'OPEN', title: 'worse' }));
      await happen(turn(3, { status: 'RESOLVED', resolvedAt: at }));
      await happen(turn(4, { status: 'OPEN', timeline: [{ at, kind: 'REOPENED', text: 'again', eventId: null }] }));
      await happen(turn(5, { mergedInto: cartId }));
      const own = () => received.filter(({ incidentChanged }) => incidentChanged.incident.id === one.result.incidentId);
      await until(() => own().length === 5);
      expect(own().map(({ incidentChanged: { kind } }) => kind)).toEqual([
        'OPENED',
        'REVISED',
        'RESOLVED',
        'REOPENED',
        'MERGED',
      ]);
      expect(own().at(-1)!.incidentChanged.incident).toEqual({
        id: one.result.incidentId,
        revision: 5,
        rootCauseEntity: { kind: 'Pod' },
      });
      leave();
    }, 30_000);

    test('bring each result whole', async () => {
      const { received, leave } = await begun<{
        correlationResults: { result: { id: string; events: string[] }; incident: { title: string } };
      }>(
        `subscription { correlationResults { cursor result { id incidentId revision events rootCauseEventId confidence summary rootCause recommendation traceId } incident { title } } }`,
      );
      const one = incident(live++);
      await happen(one);
      await until(() => received.some(({ correlationResults: { result } }) => result.id === one.result.id));
      expect(received.at(-1)).toMatchObject({
        correlationResults: {
          result: { id: one.result.id, events: one.result.events, rootCauseEventId: one.result.rootCauseEventId },
          incident: { title: one.result.title },
        },
      });
      leave();
    }, 30_000);

    test('bring only what the filter keeps', async () => {
      const namespace = 'filtered';
      const { received, leave } = await begun<Changed>(changed, {});
      const filtered = subscribe<Changed>(client, {
        query: changed,
        variables: { filter: { namespace, severity: ['CRITICAL'] }, after: received.at(-1)!.incidentChanged.cursor },
      });
      const wanted = incident(live++, { namespaces: ['shop', namespace], severity: 'CRITICAL' });
      await happen(
        incident(live++, { namespaces: [namespace], severity: 'WARNING' }),
        incident(live++, { namespaces: ['shop'], severity: 'CRITICAL' }),
        wanted,
      );
      await until(() => filtered.received.length > 0);
      expect(filtered.received.map(({ incidentChanged }) => incidentChanged.incident.id)).toEqual([
        wanted.result.incidentId,
      ]);
      filtered.leave();
      leave();
    }, 30_000);

    test('go on by cursor after a disconnect: no gap, no duplicate', async () => {
      const firstClient = connect(api);
      const { received } = await begun<Changed>(changed, {}, firstClient);
      const beginning = received.length;
      const many = Array.from({ length: 60 }, () => incident(live++));
      const publishing = (async () => {
        for (const one of many) await happen(one);
      })();
      await until(() => received.length >= beginning + 10);
      // Gone without a word, in the middle of it.
      firstClient.terminate();
      const seen = received.map(({ incidentChanged }) => incidentChanged);
      const secondClient = connect(api);
      const { received: rest, leave } = subscribe<Changed>(secondClient, {
        query: changed,
        variables: { after: seen.at(-1)!.cursor },
      });
      await publishing;
      await until(() =>
        rest.some(({ incidentChanged }) => incidentChanged.incident.id === many.at(-1)!.result.incidentId),
      );
      const whole = [...seen, ...rest.map(({ incidentChanged }) => incidentChanged)];
      const cursors = whole.map(({ cursor }) => Number(cursor));
      expect(cursors).toEqual(Array.from({ length: cursors.length }, (_, index) => cursors[0]! + index));
      expect(whole.slice(-many.length).map(({ incident: { id } }) => id)).toEqual(
        many.map(({ result }) => result.incidentId),
      );
      leave();
      await secondClient.dispose();
      await firstClient.dispose();
    }, 60_000);

    test('refuse a cursor that is none, or of another stream', async () => {
      const { last } = await stores.transport.position('results');
      for (const after of ['what', '-1', '1.5', String(last + 1_000)]) {
        const { ended } = subscribe(client, { query: changed, variables: { after } });
        expect(await ended).toMatchObject([{ extensions: { code: 'CURSOR_INVALID' } }]);
      }
    });

    test('carry each incident as it is in the graph by then, not as it was when the subscription began', async () => {
      const { received, leave } = await begun<Changed>(changed);
      const one = incident(live++);
      for (const revision of [1, 2, 3]) {
        await happen({ ...one, result: { ...one.result, revision, id: `${one.result.incidentId}.${revision}` } });
        await until(
          () =>
            received.at(-1)!.incidentChanged.incident.id === one.result.incidentId &&
            received.at(-1)!.incidentChanged.incident.revision === revision,
        );
      }
      leave();
    }, 30_000);
  });

  test('is ready while its stores are', async () => {
    const answer = await fetch(`${api.url}/readyz`);
    expect({ status: answer.status, body: await answer.json() }).toEqual({
      status: 200,
      body: { ready: true, reasons: [] },
    });
  });

  test('times keep their nanoseconds', async () => {
    const at = fromEpochMs(toEpochMs('2026-11-18T00:00:00.123456789Z'));
    await commit(graph, changeOf([incident(900, { openedAt: at })]));
    const { data } = await ask<{ incidents: Page<Listed> }>(
      api,
      `{ incidents(filter: {since: "${at}", until: "2026-11-18T00:00:01Z"}) { edges { node { openedAt } } } }`,
    );
    expect(data.incidents.edges).toEqual([{ node: { openedAt: at } }]);
  });
}
