import type { IncomingMessage } from 'node:http';
import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Router } from 'express';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { apiError, formatApiError, type ApiErrorCode } from './errors.js';

export interface HttpOptions {
  readonly graphqlPath: string;
  readonly maxRequestBytes: number;
  readonly registry: Registry;
  readonly requestId: (request: IncomingMessage) => string;
  /** What keeps this process from answering queries, one line for each thing; none: it is ready. */
  readonly readiness: () => Promise<readonly string[]>;
  readonly graphql: RequestHandler;
  /** The page for people; null when it is not built. */
  readonly page: Router | null;
  readonly log: Logger;
}

/** What is not the page, which says for itself what it may load, may load nothing. Browsers of other sites get no CORS header. */
const securityHeaders = {
  'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

/** Everything under the port but WebSockets: the page, /graphql, the probes /healthz and /readyz, /metrics. */
export function createHttp({
  graphqlPath,
  maxRequestBytes,
  registry,
  requestId,
  readiness,
  graphql,
  page,
  log,
}: HttpOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');

  app.use((request, response, next) => {
    response.set(securityHeaders).set('x-request-id', requestId(request)).set('cache-control', 'no-store');
    next();
  });

  app.get('/healthz', (_request, response) => void response.type('text').send('ok\n'));
  app.get('/readyz', async (_request, response) => {
    const reasons = await readiness();
    response.status(reasons.length === 0 ? 200 : 503).json({ ready: reasons.length === 0, reasons });
  });
  app.get('/metrics', async (_request, response) => {
    response.type(registry.contentType).send(await registry.metrics());
  });
  if (page) app.use(page);
  app.get('/', (_request, response) => {
    response
      .type('text')
      .send(
        `Throughline answers GraphQL at ${graphqlPath}: queries over HTTP, subscriptions over WebSocket (graphql-transport-ws).\n` +
          'Any GraphQL client can read the schema from there. Probes: /healthz, /readyz. Metrics: /metrics.\n',
      );
  });

  app.use(graphqlPath, express.json({ limit: maxRequestBytes }), graphql);

  app.use(
    (_request, response) => void response.status(404).type('text').send(`Nothing is here; see / and ${graphqlPath}.\n`),
  );

  const refuse: ErrorRequestHandler = (error: unknown, request, response, next) => {
    if (response.headersSent) return next(error);
    const { status, code, message } = refusalOf(error);
    if (code === 'INTERNAL_SERVER_ERROR') log.error({ err: error, requestId: requestId(request) }, 'a request failed');
    response.status(status).json({ errors: [formatApiError(apiError(code, message)).formatted] });
  };
  app.use(refuse);
  return app;
}

interface Refusal {
  readonly status: number;
  readonly code: ApiErrorCode;
  readonly message: string;
}

/** body-parser says what is wrong by `type` and `status` (http-errors). */
function refusalOf(error: unknown): Refusal {
  const { type, status, limit } = error as { type?: string; status?: number; limit?: number };
  if (type === 'entity.too.large') {
    return {
      status: 413,
      code: 'REQUEST_TOO_LARGE',
      message: `The request is larger than ${limit ?? 'allowed'} bytes.`,
    };
  }
  if (status !== undefined && status >= 400 && status < 500) {
    return { status, code: 'BAD_REQUEST', message: 'The request cannot be read: it takes a JSON object with `query`.' };
  }
  return { status: 500, code: 'INTERNAL_SERVER_ERROR', message: 'The server failed to answer.' };
}
