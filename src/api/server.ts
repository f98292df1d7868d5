import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { ApolloServerPluginDrainHttpServer } from '@apollo/server/plugin/drainHttpServer';
import { expressMiddleware } from '@as-integrations/express5';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { ApiContext } from '../../schema/context.js';
import { createLoaders } from '../../schema/loaders.js';
import { createSchema } from '../../schema/schema.js';
import type { Config } from '../config/load-config.js';
import { packageRoot } from '../config/package-root.js';
import { ThroughlineError } from '../errors.js';
import type { GraphStore } from '../graph/store.js';
import type { Transport } from '../transport/transport.js';
import { formatApiError, outcomeOf } from './errors.js';
import { createResultFeed } from './feed.js';
import { createHttp } from './http.js';
import { checkCost, limitRules, type QueryLimits } from './limits.js';
import { createApiMetrics, type ApiMetrics } from './metrics.js';
import { createPage } from './page.js';
import { createSockets } from './sockets.js';

/** The `api` section of the configuration; what is not in it has one right value, and tests that need another. */
export interface ApiOptions extends Readonly<Config['api']> {
  /** Directives in one operation. Default 20. */
  readonly maxDirectives?: number;
  /** Bytes of one HTTP body or WebSocket message. Default 262_144, which variables of a filter never need. */
  readonly maxRequestBytes?: number;
  /** Operations under way on one WebSocket. Default 50. */
  readonly maxSubscriptions?: number;
  /** Open WebSockets. Default 1_000. */
  readonly maxConnections?: number;
  /** From the opening of a WebSocket to its connection_init. Default 5_000. */
  readonly connectionInitTimeoutMs?: number;
  /** Between two pings of a WebSocket. Default 15_000. */
  readonly keepAliveMs?: number;
  /** Where the built page is. Default `dist/web` of this package. */
  readonly pageFolder?: string;
}

export interface ApiDependencies {
  readonly options: ApiOptions;
  /** Started and stopped by the caller, as is the transport: other roles of the process may use them too. */
  readonly graph: GraphStore;
  readonly transport: Transport;
  readonly log: Logger;
  readonly registry: Registry;
}

export interface Api {
  /** Rejects when the address cannot be had. Graph and transport may be away: /readyz says so, and queries fail until they are back. */
  start(): Promise<void>;
  /** Refuses what is new, lets queries under way finish, closes WebSockets with 1001. */
  stop(): Promise<void>;
  /** Where it listens, such as http://127.0.0.1:4000: the page; GraphQL is at /graphql below it, over HTTP and WebSocket. Null while it does not. */
  readonly url: string | null;
}

const graphqlPath = '/graphql';

export async function createApi({ options, graph, transport, log, registry }: ApiDependencies): Promise<Api> {
  const limits: QueryLimits = {
    maxTokens: options.maxTokens,
    maxDepth: options.maxDepth,
    maxAliases: options.maxAliases,
    maxDirectives: options.maxDirectives ?? 20,
    maxCost: options.maxCost,
  };
  const maxRequestBytes = options.maxRequestBytes ?? 262_144;
  const schema = await createSchema();
  const metrics = createApiMetrics(registry);
  const feed = createResultFeed({ transport, maxQueue: options.maxQueue, metrics, log });
  const context = (id: string): ApiContext => ({ requestId: id, graph, feed, loaders: createLoaders(graph) });
  let stopping = false;
  let url: string | null = null;

  const server = createServer();
  // Slow bodies and headers hold a connection, not more: Node's own defaults are minutes.
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;

  const apollo = new ApolloServer<ApiContext>({
    schema,
    logger: log,
    introspection: true,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    includeStacktraceInErrorResponses: false,
    persistedQueries: false,
    stopOnTerminationSignals: false,
    parseOptions: { maxTokens: limits.maxTokens },
    validationRules: [...limitRules(limits)],
    formatError: (_formatted, error) => formatApiError(error).formatted,
    plugins: [
      // No field has a cache hint, and looking for one costs a call for every field of every row.
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginDrainHttpServer({ httpServer: server, stopGracePeriodMillis: 5_000 }),
      operationPlugin({ limits, metrics, log }),
    ],
  });
  await apollo.start();

  const http = createHttp({
    graphqlPath,
    maxRequestBytes,
    registry,
    log,
    requestId,
    page: createPage(options.pageFolder ?? join(packageRoot(), 'dist', 'web')),
    readiness: async () => (stopping ? ['the API is stopping'] : await readinessProblems(graph, transport)),
    graphql: expressMiddleware(apollo, {
      context: ({ req }) => Promise.resolve(context(requestId(req))),
    }),
  });
  server.on('request', http);

  const sockets = createSockets({
    options: {
      path: graphqlPath,
      limits,
      maxMessageBytes: maxRequestBytes,
      maxSubscriptions: options.maxSubscriptions ?? 50,
      maxConnections: options.maxConnections ?? 1_000,
      connectionInitTimeoutMs: options.connectionInitTimeoutMs ?? 5_000,
      keepAliveMs: options.keepAliveMs ?? 15_000,
    },
    server,
    schema,
    context,
    requestId,
    metrics,
    log,
  });

  return {
    get url() {
      return url;
    },
    async start() {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(options.port, options.host, () => {
          server.removeListener('error', reject);
          resolve();
        });
      });
      const { port } = server.address() as AddressInfo;
      url = `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`;
      sockets.start();
      feed.start();
      log.info({ url, graphql: `${url}${graphqlPath}` }, 'the API is listening');
    },
    async stop() {
      stopping = true;
      await sockets.stop();
      await feed.stop();
      await apollo.stop();
      url = null;
    },
  };
}

/** Kept from whoever is in front of us when it is harmless in a log, so that one search finds the request everywhere. */
function requestId(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  if (typeof given !== 'string' || !/^[\w.-]{1,64}$/.test(given)) request.headers['x-request-id'] = randomUUID();
  return String(request.headers['x-request-id']);
}

const readinessPatienceMs = 3_000;

async function readinessProblems(graph: GraphStore, transport: Transport): Promise<readonly string[]> {
  const late = new Promise<{ connected: false; reason: string }>((resolve) => {
    const reason = `it has not answered within ${readinessPatienceMs} ms`;
    setTimeout(() => resolve({ connected: false, reason }), readinessPatienceMs).unref();
  });
  const states = { graph: await Promise.race([graph.health(), late]), transport: transport.health() };
  return Object.entries(states).flatMap(([name, { connected, reason }]) =>
    connected ? [] : [`${name}: ${reason ?? 'not connected'}`],
  );
}

interface OperationPluginOptions {
  readonly limits: QueryLimits;
  readonly metrics: ApiMetrics;
  readonly log: Logger;
}

/** Cost, metrics and log of each HTTP operation. */
function operationPlugin({ limits, metrics, log }: OperationPluginOptions): ApolloServerPlugin<ApiContext> {
  return {
    requestDidStart() {
      const begun = performance.now();
      return Promise.resolve({
        didResolveOperation({ schema, document, operationName, request }) {
          checkCost({ schema, document, operationName, variables: request.variables }, limits);
          return Promise.resolve();
        },
        didEncounterErrors({ errors, contextValue }) {
          for (const error of errors) {
            const { internal } = formatApiError(error);
            if (internal === null) continue;
            // A store that is away is known and comes back: one line, not a stack for every query.
            if (internal instanceof ThroughlineError)
              log.warn({ code: internal.code, requestId: contextValue.requestId }, internal.message);
            else log.error({ err: internal, requestId: contextValue.requestId }, 'an operation failed');
          }
          return Promise.resolve();
        },
        willSendResponse({ errors, operationName, contextValue }) {
          const seconds = (performance.now() - begun) / 1000;
          const outcome = outcomeOf(errors);
          metrics.operation('http', outcome, seconds);
          log.debug({ requestId: contextValue.requestId, operationName, outcome, seconds }, 'answered an operation');
          return Promise.resolve();
        },
      });
    },
  };
}
