import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createRetention } from '../../ingest/retention.js';
import { createIncidentStore } from '../../ingest/store.js';
import type { GraphStore } from '../../src/graph/store.js';
import { toEpochMs } from '../../src/model/time.js';
import { ask, snapshot } from './contract.js';
import {
  cartStory,
  events,
  gone,
  incidentId,
  moment,
  otherIncidentId,
  reportStory,
  wholeChange,
  world,
} from './story.js';

/** What retention takes out of a graph, and what it leaves. */
export function retentionContract(name: string, opening: () => Promise<GraphStore>): void {
  describe(`retention on ${name}`, () => {
    const log = pino({ level: 'silent' });
    let graph: GraphStore;
    const retention = () =>
      createRetention({ graph, retentionMs: 0, watermarkMs: () => 0, log, registry: new Registry() });
    const ids = async (label: string): Promise<unknown[]> =>
      (await ask(graph, `MATCH (n:${label}) RETURN n.id AS id ORDER BY id`)).map(({ id }) => id);

    beforeAll(async () => {
      graph = await opening();
      await createIncidentStore({ graph, log, registry: new Registry() }).commit(
        wholeChange({ results: [cartStory(), { ...reportStory(), updatedAt: moment.during }] }),
      );
    }, 120_000);
    afterAll(() => graph.stop());

    test('takes nothing that ended later', async () => {
      const before = await snapshot(graph);
      const counts = await retention().sweep(toEpochMs(events.scaled.timestamp) - 1);
      expect(counts).toEqual({ incidents: 0, events: 0, relations: 0, entities: 0 });
      expect(await snapshot(graph)).toEqual(before);
    });

    test('takes closed incidents, events that no incident holds, topology that has ended; what is open stays', async () => {
      const { incidents, events: taken, relations, entities } = await retention().sweep(toEpochMs(moment.after));
      expect([incidents, relations, entities]).toEqual([1, 1, 1]);
      expect(await ids('Incident')).toEqual([incidentId]);
      // The lone change, and both events of the incident that is gone; the change that lost against the cause of the open one.
      const left = await ids('Event');
      expect(left).not.toContain(events.scaled.id);
      expect(left).toContain(events.change.id);
      expect(left).not.toContain(events.missing.id);
      expect(left).toContain(events.oom.id);
      expect(taken).toBe(Object.keys(events).length - left.length);
      expect(await ids('Entity')).not.toContain(gone.id);
      expect(
        await ask(graph, `MATCH ()-[c:CAUSED {incidentId: '${otherIncidentId}'}]->() RETURN c.rule AS rule`),
      ).toEqual([]);
      expect((await ask(graph, `MATCH ()-[c:CAUSED]->() RETURN count(c) AS n`))[0]!['n']).toBe(
        cartStory().edges.length,
      );
    });

    test('leaves an entity that is deleted as long as something hangs on it', async () => {
      const pod = wholeChange().entities.find(({ entity }) => entity.id === world.pod.id)!;
      const store = createIncidentStore({ graph, log, registry: new Registry() });
      await store.commit(wholeChange({ entities: [{ ...pod, deletedAt: moment.before }], results: [] }));
      expect((await retention().sweep(toEpochMs(moment.after))).entities).toBe(0);
      expect(await ids('Entity')).toContain(world.pod.id);
    });
  });
}
