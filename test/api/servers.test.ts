import { expect, test } from '@jest/globals';
import { describeWith } from '../servers/availability.js';
import { apiContract } from './contract.js';
import { graphQuestions } from './graph-questions.js';
import { ask, startApi, until } from './harness.js';
import { serverStores } from './stores.js';

describeWith(['neo4j', 'nats'], 'the API on real Neo4j and real NATS', () => {
  apiContract(serverStores);

  test('stays up while its stores are away, says so, and is ready again when they are back', async () => {
    const stores = await serverStores();
    const api = await startApi(stores);
    const ready = async () => {
      const response = await fetch(`${api.url}/readyz`);
      const { reasons } = (await response.json()) as { reasons: string[] };
      return { status: response.status, reasons };
    };
    const question = '{ incidents { totalCount } }';
    try {
      expect(await ready()).toEqual({ status: 200, reasons: [] });

      await stores.neo4j.kill();
      expect(await ready()).toEqual({ status: 503, reasons: [expect.stringContaining('graph: ')] });
      const { errors } = await ask(api, question);
      expect(errors).toMatchObject([{ extensions: { code: 'GRAPH_UNAVAILABLE' } }]);
      expect(JSON.stringify(errors)).not.toContain('    at ');
      expect((await fetch(`${api.url}/healthz`)).status).toBe(200);

      await stores.neo4j.restart();
      await stores.nats.kill();
      await until(async () => (await ready()).reasons.some((reason) => reason.startsWith('transport: ')));
      expect((await ask(api, question)).data).toEqual({ incidents: { totalCount: 0 } });

      await stores.nats.start();
      await until(async () => (await ready()).status === 200);
    } finally {
      await api.stop();
      await stores.close();
    }
  }, 600_000);
});

describeWith(['neo4j', 'nats'], 'questions to the graph in real Neo4j', () => {
  graphQuestions(serverStores);
});
