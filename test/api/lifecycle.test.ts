import { afterEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import type { GraphStore } from '../../src/graph/store.js';
import { ask, connect, publish, startApi, subscribe, until, type Stores } from './harness.js';
import { memoryStores, type OpenStores } from './stores.js';
import { incident } from './world.js';

describe('the API server', () => {
  let stores: OpenStores;
  afterEach(() => stores.close());

  /** Stores whose graph answers as the test says. */
  const withGraph = async (read: GraphStore['read']): Promise<Stores> => {
    stores = await memoryStores();
    return { ...stores, graph: { ...stores.graph, read } };
  };

  test('answers probes, metrics, and whoever opens / in a browser, with headers that allow nothing', async () => {
    stores = await memoryStores();
    const api = await startApi(stores);
    const get = async (path: string) => {
      const response = await fetch(`${api.url}${path}`);
      return { status: response.status, headers: response.headers, text: await response.text() };
    };
    expect(await get('/healthz')).toMatchObject({ status: 200, text: 'ok\n' });
    expect(await get('/readyz')).toMatchObject({ status: 200, text: JSON.stringify({ ready: true, reasons: [] }) });
    const root = await get('/');
    expect(root).toMatchObject({ status: 200, text: expect.stringContaining('/graphql') });
    expect(Object.fromEntries(root.headers)).toMatchObject({
      'content-security-policy': expect.stringContaining("default-src 'none'"),
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'x-request-id': expect.stringMatching(/^[\w-]{36}$/),
    });
    expect(root.headers.has('x-powered-by')).toBe(false);
    expect(await get('/else')).toMatchObject({ status: 404 });
    await ask(api, '{ sourceHealth { source } }');
    await ask(api, '{ nothing }');
    const { text } = await get('/metrics');
    expect(text).toContain('throughline_api_operations_total{transport="http",outcome="ok"} 1');
    expect(text).toContain('throughline_api_operations_total{transport="http",outcome="refused"} 1');
    await api.stop();
  });

  test('an unexpected failure shows nothing of its inside, and is in the log under the request id', async () => {
    const failing = await withGraph(() => Promise.reject(new Error('secret inside of the store')));
    const lines: string[] = [];
    const log = pino({ level: 'error' }, { write: (line: string) => lines.push(line) });
    const api = await startApi(failing, {}, log);
    const response = await fetch(`${api.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': 'from-the-proxy' },
      body: JSON.stringify({ query: '{ incident(id: "x") { id } }' }),
    });
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({
      errors: [{ path: ['incident'], extensions: { code: 'INTERNAL_SERVER_ERROR' } }],
    });
    expect(text).not.toMatch(/secret|stack|\.ts|\.js/);
    expect(response.headers.get('x-request-id')).toBe('from-the-proxy');
    expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
      expect.objectContaining({
        requestId: 'from-the-proxy',
        err: expect.objectContaining({ message: 'secret inside of the store' }),
      }),
    ]);
    await api.stop();
  });

  test('stop ends subscriptions with 1001, lets a query under way finish, and takes no more', async () => {
    let release = (): void => undefined;
    let asked = false;
    const held = await withGraph(async <Row>() => {
      asked = true;
      await new Promise<void>((resolve) => (release = resolve));
      return [] as Row[];
    });
    const api = await startApi(held);
    const { url } = api;
    const client = connect(api);
    let opened = false;
    client.on('connected', () => (opened = true));
    const { ended } = subscribe(client, { query: 'subscription { incidentChanged { cursor } }' });
    await until(() => opened);
    const answer = ask(api, '{ incident(id: "x") { id } }');
    await until(() => asked);
    const stopped = api.stop();
    expect(await ended).toMatchObject({ code: 1001, reason: 'SERVER_STOPPING' });
    release();
    expect(await answer).toMatchObject({ status: 200, data: { incident: null } });
    await stopped;
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
    await client.dispose();
  });

  test('start fails when the address is taken', async () => {
    stores = await memoryStores();
    const api = await startApi(stores);
    await expect(startApi(stores, { port: Number(new URL(api.url!).port) })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
    await api.stop();
  });

  test('a subscriber that is slow gets the newest revision of each incident, and one that is slower still is cut off', async () => {
    let held: (() => void) | null = null;
    const slow = await withGraph(async <Row>() => {
      await new Promise<void>((resolve) => (held = resolve));
      return [] as Row[];
    });
    const api = await startApi(slow, { maxQueue: 5 });
    const client = connect(api);
    const { received, ended } = subscribe<{ correlationResults: { result: { incidentId: string; revision: number } } }>(
      client,
      {
        query: 'subscription { correlationResults { cursor result { incidentId revision } } }',
      },
    );
    const revised = (index: number, revision: number) => {
      const { result } = incident(index);
      return { ...result, revision, id: `${result.incidentId}.${revision}` };
    };
    // The first to come is held in the graph, whatever follows waits.
    for (let probe = 1; held === null; probe += 1) {
      await publish(stores.transport, [revised(1, probe)]);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    for (let revision = 100; revision < 120; revision += 1)
      await publish(stores.transport, [revised(2, revision), revised(3, revision)]);
    const pump = setInterval(() => held?.(), 1);
    const last = (index: number) =>
      received.findLast(
        ({ correlationResults: { result } }) => result.incidentId === incident(index).result.incidentId,
      );
    await until(
      () => last(2)?.correlationResults.result.revision === 119 && last(3)?.correlationResults.result.revision === 119,
    );
    expect(received.length).toBeLessThan(20);
    clearInterval(pump);

    held = null;
    await publish(stores.transport, [revised(1, 200)]);
    await until(() => held !== null);
    await publish(
      stores.transport,
      Array.from({ length: 20 }, (_, index) => revised(10 + index, 1)),
    );
    const release = setInterval(() => held?.(), 1);
    expect(await ended).toMatchObject([{ extensions: { code: 'SUBSCRIPTION_OVERFLOW' } }]);
    clearInterval(release);
    await client.dispose();
    await api.stop();
  });
});

describe('a cursor', () => {
  test('whose followers the stream no longer holds is refused, rather than leaving a gap', async () => {
    const stores = await memoryStores({ maxBytes: { results: 10_000 } });
    await publish(
      stores.transport,
      Array.from({ length: 40 }, (_, index) => incident(index).result),
    );
    const { first } = await stores.transport.position('results');
    expect(first).toBeGreaterThan(10);
    const api = await startApi(stores);
    const client = connect(api);
    const query = 'subscription ($after: String) { incidentChanged(after: $after) { cursor } }';
    const expired = subscribe(client, { query, variables: { after: String(first - 2) } });
    expect(await expired.ended).toMatchObject([{ extensions: { code: 'CURSOR_EXPIRED' } }]);
    const good = subscribe<{ incidentChanged: { cursor: string } }>(client, {
      query,
      variables: { after: String(first - 1) },
    });
    await until(() => good.received.length === 40 - first + 1);
    expect(good.received[0]).toEqual({ incidentChanged: { cursor: String(first) } });
    good.leave();
    await client.dispose();
    await api.stop();
    await stores.close();
  });
});
