import { createClient, type Client, type SubscribePayload } from 'graphql-ws';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { WebSocket } from 'ws';
import { createIncidentStore, type GraphChange } from '../../ingest/store.js';
import { createApi, type Api, type ApiOptions } from '../../src/api/server.js';
import type { GraphStore } from '../../src/graph/store.js';
import type { CorrelationResult } from '../../src/model/correlation-result.js';
import { encode } from '../../src/transport/codec.js';
import { resultSubject } from '../../src/transport/subjects.js';
import type { Transport } from '../../src/transport/transport.js';

export const silent = pino({ level: 'silent' });

/** Generous where a test is not about the limit. */
export const defaults: ApiOptions = {
  host: '127.0.0.1',
  port: 0,
  maxTokens: 4_000,
  maxDepth: 15,
  maxAliases: 30,
  maxCost: 20_000,
  maxQueue: 1_000,
};

/** A graph that remembers which statements it was asked for. */
export interface CountingGraph extends GraphStore {
  readonly statements: string[];
}

export function counting(graph: GraphStore): CountingGraph {
  const statements: string[] = [];
  return {
    ...graph,
    statements,
    read(statement, parameters) {
      statements.push(statement);
      return graph.read(statement, parameters);
    },
  };
}

export interface Stores {
  readonly graph: GraphStore;
  readonly transport: Transport;
}

export async function startApi(stores: Stores, options: Partial<ApiOptions> = {}, log = silent): Promise<Api> {
  const api = await createApi({ options: { ...defaults, ...options }, ...stores, log, registry: new Registry() });
  await api.start();
  return api;
}

export async function commit(graph: GraphStore, change: GraphChange): Promise<void> {
  await createIncidentStore({ graph, log: silent, registry: new Registry() }).commit(change);
}

export async function publish(transport: Transport, results: readonly CorrelationResult[]): Promise<void> {
  await transport.publish(
    results.map((result) => ({
      stream: 'results',
      subject: resultSubject(result.cluster, result.namespaces[0] ?? null, result.incidentId),
      body: encode([result]),
      id: result.id,
    })),
  );
}

export interface GraphqlError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: { readonly code: string; readonly [key: string]: unknown };
}

export interface Answer<Data> {
  readonly status: number;
  readonly headers: Headers;
  readonly data: Data;
  readonly errors?: readonly GraphqlError[];
}

/** One operation over HTTP. */
export async function ask<Data = Record<string, never>>(
  api: Api,
  query: string,
  variables?: object,
): Promise<Answer<Data>> {
  return post(api, JSON.stringify({ query, variables }));
}

export async function post<Data>(api: Api, body: string, headers: Record<string, string> = {}): Promise<Answer<Data>> {
  const response = await fetch(`${api.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  const answer = (await response.json()) as { data: Data; errors?: GraphqlError[] };
  return { status: response.status, headers: response.headers, ...answer };
}

/** A client as users have it, without its automatic retries, so that a test sees every disconnect. */
export function connect(api: Api): Client {
  return createClient({ url: socketUrl(api), webSocketImpl: WebSocket, retryAttempts: 0, lazy: true });
}

export function socketUrl(api: Api): string {
  return `${api.url!.replace('http', 'ws')}/graphql`;
}

export interface Subscription<Data> {
  readonly received: Data[];
  /** What ended it: null, errors of the operation, or how the socket was closed. */
  readonly ended: Promise<unknown>;
  leave(): void;
}

export function subscribe<Data>(client: Client, payload: SubscribePayload): Subscription<Data> {
  const received: Data[] = [];
  let leave = (): void => undefined;
  const ended = new Promise<unknown>((resolve) => {
    leave = client.subscribe<Data>(payload, {
      next: ({ data, errors }) => {
        if (errors) resolve(errors);
        else received.push(data!);
      },
      error: resolve,
      complete: () => resolve(null),
    });
  });
  return { received, ended, leave };
}

/** One operation over WebSocket: its data, or its errors. */
export async function askSocket(
  api: Api,
  payload: SubscribePayload,
): Promise<{ data: unknown; errors: readonly GraphqlError[] | null }> {
  const client = connect(api);
  try {
    const { received, ended } = subscribe(client, payload);
    const errors = (await ended) as readonly GraphqlError[] | null;
    return { data: received[0] ?? null, errors };
  } finally {
    await client.dispose();
  }
}

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}
