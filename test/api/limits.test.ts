import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { getIntrospectionQuery, parse } from 'graphql';
import { WebSocket } from 'ws';
import { createSchema } from '../../schema/schema.js';
import { operationCost } from '../../src/api/limits.js';
import type { Api } from '../../src/api/server.js';
import { ask, askSocket, commit, connect, post, socketUrl, startApi, subscribe, until } from './harness.js';
import { memoryStores, type OpenStores } from './stores.js';
import { changeOf, incidents } from './world.js';

const nested = (levels: number) =>
  '{ incident(id: "x") { '.concat('rootCauses { incident { '.repeat(levels), 'id', ' } }'.repeat(levels), ' } }');
const aliases = (count: number) =>
  `{ ${Array.from({ length: count }, (_, i) => `a${i}: sourceHealth { source }`).join(' ')} }`;
const directives = (count: number) => `{ sourceHealth { ${'source @include(if: true) '.repeat(count)} } }`;
const wide = `{ incidents(first: 500) { edges { node { events(first: 500) { edges { node { entity { id } } } } } } } }`;
const wideByVariable = `query ($first: Int) { incidents(first: $first) { edges { node { events(first: $first) { edges { node { id } } } } } } }`;
const hiddenDepth = `{ incident(id: "x") { ...A } }
  ${[...'ABCDEFG'].map((name, i, names) => `fragment ${name} on Incident { rootCauses { incident { ${names[i + 1] ? `...${names[i + 1]}` : 'id'} } } }`).join('\n')}`;
/** Each fragment spreads the next twice: 2^20 fields for whoever expands it. */
const bomb = `{ incident(id: "x") { ...F0 } }
  ${Array.from({ length: 20 }, (_, i) => `fragment F${i} on Incident { ${i < 19 ? `...F${i + 1} ...F${i + 1}` : 'title'} }`).join('\n')}`;
const circular = `{ incident(id: "x") { ...A } } fragment A on Incident { mergedIncident { ...B } } fragment B on Incident { mergedIncident { ...A } }`;

interface Refused {
  readonly what: string;
  readonly code: string;
  readonly query: string;
  readonly variables?: Record<string, unknown>;
}

const refused: readonly Refused[] = [
  { what: 'deep', code: 'QUERY_TOO_DEEP', query: nested(8) },
  { what: 'deep behind fragments', code: 'QUERY_TOO_DEEP', query: hiddenDepth },
  { what: 'wide', code: 'QUERY_TOO_COSTLY', query: wide },
  { what: 'wide by a variable', code: 'QUERY_TOO_COSTLY', query: wideByVariable, variables: { first: 500 } },
  { what: 'an exponential heap of fragments', code: 'QUERY_TOO_COSTLY', query: bomb },
  { what: 'flooded with aliases', code: 'QUERY_TOO_MANY_ALIASES', query: aliases(31) },
  { what: 'flooded with directives', code: 'QUERY_TOO_MANY_DIRECTIVES', query: directives(21) },
  { what: 'flooded with tokens', code: 'QUERY_TOO_MANY_TOKENS', query: `{ ${'__typename '.repeat(5_000)} }` },
  { what: 'a circle of fragments', code: 'GRAPHQL_VALIDATION_FAILED', query: circular },
  { what: 'not in the schema', code: 'GRAPHQL_VALIDATION_FAILED', query: '{ nothing }' },
  { what: 'not GraphQL', code: 'GRAPHQL_PARSE_FAILED', query: '{ incidents' },
];

describe('an operation beyond the limits', () => {
  let stores: OpenStores;
  let api: Api;

  beforeAll(async () => {
    stores = await memoryStores();
    api = await startApi(stores, { maxSubscriptions: 3, connectionInitTimeoutMs: 150 });
    await commit(stores.graph, changeOf(incidents(3)));
  });
  afterAll(async () => {
    await api.stop();
    await stores.close();
  });

  test.each(refused)('that is $what is refused over HTTP with $code', async ({ code, query, variables }) => {
    const { status, data, errors } = await ask(api, query, variables);
    expect(status).toBe(400);
    expect(data).toBeUndefined();
    expect(errors!.map(({ extensions }) => extensions.code)).toContain(code);
  });

  test.each(refused)('that is $what is refused over WebSocket with $code', async ({ code, query, variables }) => {
    const { data, errors } = await askSocket(api, { query, variables: variables ?? null });
    expect(data).toBeNull();
    expect(errors!.map(({ extensions }) => extensions.code)).toContain(code);
  });

  test('within them is answered, on both', async () => {
    const query = `{ incidents(first: 2) { edges { node { title } } } }`;
    const { data } = await ask(api, query);
    expect(data).toMatchObject({ incidents: { edges: [{ node: { title: 'app 2 is in trouble' } }, {}] } });
    expect(await askSocket(api, { query })).toEqual({ data, errors: null });
    for (const allowed of [nested(3), aliases(30), directives(20)]) {
      expect((await ask(api, allowed)).errors).toBeUndefined();
      expect((await askSocket(api, { query: allowed })).errors).toBeNull();
    }
  });

  test('does not keep tools from reading the schema', async () => {
    const { data, errors } = await ask<{ __schema: { types: unknown[] } }>(api, getIntrospectionQuery());
    expect(errors).toBeUndefined();
    expect(data.__schema.types.length).toBeGreaterThan(30);
    expect((await askSocket(api, { query: getIntrospectionQuery() })).errors).toBeNull();
  });

  test('of a batch is refused over HTTP', async () => {
    const one = { query: '{ sourceHealth { source } }' };
    const { status, errors } = await post(api, JSON.stringify([one, one]));
    expect(status).toBe(400);
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_REQUEST' } }]);
  });

  test('with huge variables is refused over HTTP', async () => {
    const { status, errors } = await ask(
      api,
      'query ($text: String) { incidents(filter: {text: $text}) { totalCount } }',
      {
        text: 'x'.repeat(300_000),
      },
    );
    expect(status).toBe(413);
    expect(errors).toMatchObject([{ extensions: { code: 'REQUEST_TOO_LARGE' } }]);
  });

  test('with huge variables closes the WebSocket with 1009, message too big', async () => {
    const { closed } = await rawSocket(api, (send) =>
      send({ type: 'connection_init', payload: { text: 'x'.repeat(300_000) } }),
    );
    expect(await closed).toMatchObject({ code: 1009 });
  });

  test('as a WebSocket batch, or as no message at all, closes the connection', async () => {
    const batch = await rawSocket(api, (send) => send([{ type: 'connection_init' }, { type: 'connection_init' }]));
    expect(await batch.closed).toMatchObject({ code: 4400 });
    const silentOne = await rawSocket(api, () => undefined);
    expect(await silentOne.closed).toMatchObject({ code: 4408 });
  });

  test('in number on one connection is refused, the others go on', async () => {
    const client = connect(api);
    const query = 'subscription { incidentChanged { cursor } }';
    const allowed = Array.from({ length: 3 }, () => subscribe(client, { query }));
    const oneMore = subscribe(client, { query });
    expect(await oneMore.ended).toMatchObject([{ extensions: { code: 'TOO_MANY_SUBSCRIPTIONS' } }]);
    allowed[0]!.leave();
    await allowed[0]!.ended;
    await until(async () => (await metric(api, 'throughline_api_subscriptions')) === 2);
    const again = subscribe(client, { query });
    await until(async () => (await metric(api, 'throughline_api_subscriptions')) === 3);
    for (const subscription of [...allowed, again]) subscription.leave();
    await client.dispose();
    await until(async () => (await metric(api, 'throughline_api_subscriptions')) === 0);
  });

  test('from a page of another site is refused: no CORS, no simple requests, no WebSocket', async () => {
    const preflight = await fetch(`${api.url}/graphql`, {
      method: 'OPTIONS',
      headers: { origin: 'https://elsewhere.example', 'access-control-request-method': 'POST' },
    });
    expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
    const simple = await fetch(`${api.url}/graphql?query={__typename}`);
    expect(simple.status).toBe(400);
    const socket = new WebSocket(socketUrl(api), 'graphql-transport-ws', { origin: 'https://elsewhere.example' });
    const status = await new Promise((resolve) => {
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode));
      socket.on('error', () => undefined);
    });
    expect(status).toBe(403);
  });
});

describe('the cost of an operation', () => {
  test('is a point for every field, times the rows it is asked for', async () => {
    const schema = await createSchema();
    const cost = (query: string, variables: Record<string, unknown> = {}) =>
      operationCost({ schema, document: parse(query), operationName: null, variables });
    expect(cost('{ incident(id: "x") { id title } }')).toBe(3);
    expect(cost('{ incidents(first: 7) { totalCount edges { node { id } } } }')).toBe(1 + 1 + 1 + 7 * 2);
    expect(cost('{ incidents { edges { node { id } } } }')).toBe(1 + 1 + 20 * 2);
    expect(cost('query ($n: Int = 3) { incidents(first: $n) { edges { node { id } } } }')).toBe(1 + 1 + 3 * 2);
    expect(cost('query ($n: Int) { incidents(first: $n) { edges { node { id } } } }', { n: 5 })).toBe(1 + 1 + 5 * 2);
    expect(cost('{ incident(id: "x") { affected { role } } }')).toBe(1 + 1 + 10);
    expect(cost('{ ...Q } fragment Q on Query { incident(id: "x") { ...I } } fragment I on Incident { id }')).toBe(2);
    expect(cost('{ __schema { types { name } } }')).toBe(0);
  });
});

async function metric(api: Api, name: string): Promise<number> {
  const text = await (await fetch(`${api.url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
}

async function rawSocket(
  api: Api,
  begin: (send: (message: unknown) => void) => void,
): Promise<{ closed: Promise<{ code: number; reason: string }> }> {
  const socket = new WebSocket(socketUrl(api), 'graphql-transport-ws');
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: String(reason) }));
  });
  await new Promise((resolve) => socket.once('open', resolve));
  begin((message) => socket.send(JSON.stringify(message)));
  return { closed };
}
