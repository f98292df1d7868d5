import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Api } from '../../src/api/server.js';
import { cartStory, event, events, incidentId, moment, otherIncidentId, wholeChange, world } from '../graph/story.js';
import { ask, commit, startApi, type Stores } from './harness.js';

interface Named {
  readonly entity: { readonly id: string };
}

/** What is asked of the graph beside incidents: who would feel it, how two things hang together, what was changed, what was like it. */
export function graphQuestions(open: () => Promise<Stores & { close(): Promise<void> }>): void {
  const again = cartStory({
    id: 'again.1',
    incidentId: 'again',
    openedAt: moment.after,
    entities: [{ entity: world.container, role: 'ROOT_CAUSE' }],
  });
  const farChange = event(world.config, 'change.config', -30_000, 'cart-config was changed');
  let stores: Awaited<ReturnType<typeof open>>;
  let api: Api;

  beforeAll(async () => {
    stores = await open();
    api = await startApi(stores);
    const whole = wholeChange();
    await commit(stores.graph, { ...whole, events: [...whole.events, farChange], results: [...whole.results, again] });
  }, 120_000);
  afterAll(async () => {
    await api?.stop();
    await stores?.close();
  }, 60_000);

  const answer = async <Data>(query: string, variables: Record<string, unknown>): Promise<Data> => {
    const { data, errors } = await ask<Data>(api, query, variables);
    expect(errors).toBeUndefined();
    return data;
  };

  describe('blastRadius', () => {
    const query = `query ($id: ID!, $depth: Int, $asOf: DateTime) { blastRadius(entity: $id, depth: $depth, asOf: $asOf) {
      root { id } truncated dependents { distance entity { id } through { type from to } } } }`;
    const reached = async (variables: Record<string, unknown>): Promise<[number, string][]> => {
      const { blastRadius } = await answer<{
        blastRadius: { dependents: (Named & { distance: number })[]; truncated: boolean };
      }>(query, variables);
      expect(blastRadius.truncated).toBe(false);
      return blastRadius.dependents.map(({ distance, entity }) => [distance, entity.id]);
    };

    test('is what runs on a node, and then what needs that', async () => {
      const found = await reached({ id: world.node.id, depth: 3 });
      expect(found.slice(0, 2)).toEqual([
        [1, world.pod.id],
        [1, world.callerPod.id],
      ]);
      expect(found).toContainEqual([2, world.service.id]);
      expect(found).toContainEqual([3, world.ingress.id]);
    });

    test('does not go from who depends to what it depends on', async () => {
      expect(await reached({ id: world.ingress.id })).toEqual([]);
      expect((await reached({ id: world.service.id })).map(([, id]) => id)).not.toContain(world.pod.id);
    });

    test('is that of the moment asked about', async () => {
      const before = await reached({ id: world.node.id, depth: 1, asOf: moment.before });
      expect(before.map(([, id]) => id)).toContain(world.otherPod.id);
    });

    test('refuses an unknown entity and a depth beyond six', async () => {
      const refused = async (variables: Record<string, unknown>) =>
        (await ask(api, query, variables)).errors?.[0]?.extensions?.['code'];
      expect(await refused({ id: 'not/there/Pod/at-all' })).toBe('NOT_FOUND');
      expect(await refused({ id: world.node.id, depth: 7 })).toBe('BAD_USER_INPUT');
    });
  });

  describe('path', () => {
    const query = `query ($from: ID!, $to: ID!) { path(from: $from, to: $to) { nodes { id } relations { type from to } } }`;
    type Answer = { path: { nodes: { id: string }[]; relations: { type: string }[] } | null };

    test('is the shortest way, whichever way its relations point', async () => {
      const { path } = await answer<Answer>(query, { from: world.caller.id, to: world.pod.id });
      expect(path?.nodes.map(({ id }) => id)).toEqual([world.caller.id, world.service.id, world.pod.id]);
      expect(path?.relations.map(({ type }) => type)).toEqual(['CALLS', 'SELECTS']);
    });

    test('from a thing to itself is the thing; to what hangs on nothing of it there is none', async () => {
      const same = await answer<Answer>(query, { from: world.pod.id, to: world.pod.id });
      expect(same.path).toEqual({ nodes: [{ id: world.pod.id }], relations: [] });
      expect((await answer<Answer>(query, { from: world.pod.id, to: world.certificate.id })).path).toBeNull();
    });
  });

  describe('whatChanged', () => {
    const query = `query ($id: ID!, $before: DateTime, $within: Duration) {
      whatChanged(entity: $id, before: $before, within: $within) { distance score entity { id } event { id } } }`;
    type Answer = { whatChanged: (Named & { distance: number; score: number; event: { id: string } })[] };

    test('has the changes near it and before it, ranked by how near and how recent', async () => {
      const { whatChanged } = await answer<Answer>(query, { id: world.pod.id, before: events.oom.timestamp });
      expect(whatChanged.map(({ event: { id }, distance }) => [id, distance])).toEqual([
        [farChange.id, 1],
        [events.change.id, 2],
      ]);
      expect(whatChanged[0]!.score).toBeGreaterThan(whatChanged[1]!.score);
    });

    test('leaves out what came after, and what came long before', async () => {
      const variables = { id: world.pod.id, before: events.change.timestamp };
      expect((await answer<Answer>(query, variables)).whatChanged.map(({ event: { id } }) => id)).toEqual([
        events.change.id,
      ]);
      const short = { id: world.pod.id, before: events.oom.timestamp, within: 'PT60S' };
      expect((await answer<Answer>(query, short)).whatChanged.map(({ event: { id } }) => id)).toEqual([farChange.id]);
    });

    test('refuses what is no duration', async () => {
      const { errors } = await ask(api, query, { id: world.pod.id, within: '1 hour' });
      expect(errors?.[0]?.extensions?.['code']).toBe('BAD_USER_INPUT');
      expect(errors?.[0]?.message).toContain('PT30M');
    });
  });

  describe('similarIncidents', () => {
    const query = `query ($id: ID!) { similarIncidents(incident: $id) { score because incident { id } } }`;
    type Answer = { similarIncidents: { score: number; because: string[]; incident: { id: string } }[] };

    test('are those of the same kind and thing, with what makes them alike; others are not', async () => {
      const { similarIncidents } = await answer<Answer>(query, { id: incidentId });
      expect(similarIncidents.map(({ incident: { id } }) => id)).toEqual(['again']);
      // 0.4 for the category, 0.3 for the thing, a quarter of 0.2 for one of four things that either touches, 0.1 for what is said.
      expect(similarIncidents[0]!.score).toBeCloseTo(0.85, 4);
      expect(similarIncidents[0]!.because).toHaveLength(4);
      expect((await answer<Answer>(query, { id: otherIncidentId })).similarIncidents).toEqual([]);
    });
  });
}
