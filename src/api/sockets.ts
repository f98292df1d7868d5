import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { execute, subscribe, type GraphQLSchema } from 'graphql';
import { handleProtocols, makeServer } from 'graphql-ws';
import type { Logger } from 'pino';
import { WebSocketServer, type WebSocket } from 'ws';
import type { ApiContext } from '../../schema/context.js';
import { apiError, formatApiError, outcomeOf } from './errors.js';
import { checkCost, parseWithin, type QueryLimits } from './limits.js';
import type { ApiMetrics } from './metrics.js';

export interface SocketOptions {
  readonly path: string;
  readonly limits: QueryLimits;
  readonly maxMessageBytes: number;
  /** Operations under way on one connection. */
  readonly maxSubscriptions: number;
  readonly maxConnections: number;
  readonly connectionInitTimeoutMs: number;
  /** Between two pings; a client that has not answered one by the next is cut off. */
  readonly keepAliveMs: number;
}

export interface SocketDependencies {
  readonly options: SocketOptions;
  readonly server: Server;
  readonly schema: GraphQLSchema;
  readonly context: (requestId: string) => ApiContext;
  readonly requestId: (request: IncomingMessage) => string;
  readonly metrics: ApiMetrics;
  readonly log: Logger;
}

interface Extra {
  readonly requestId: string;
}

/** RFC 6455: 1001 asks clients to come back, 1011 says that it was our fault. */
const goingAway = 1001;
const internalError = 1011;

/** GraphQL over WebSocket (graphql-transport-ws) on an http server: the same schema, limits and errors as over HTTP. */
export function createSockets(dependencies: SocketDependencies): { start(): void; stop(): Promise<void> } {
  const { options, server, schema, metrics, log } = dependencies;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: options.maxMessageBytes,
    perMessageDeflate: false,
    handleProtocols,
  });

  const protocol = makeServer<Record<string, unknown>, Extra>({
    connectionInitWaitTimeout: options.connectionInitTimeoutMs,
    onSubscribe(connection, _id, payload) {
      if (Object.keys(connection.subscriptions).length > options.maxSubscriptions) {
        const message = `At most ${options.maxSubscriptions} operations may be under way on one connection.`;
        return refused([apiError('TOO_MANY_SUBSCRIPTIONS', message)]);
      }
      const parsed = parseWithin(schema, payload.query, options.limits);
      if ('length' in parsed) return refused(parsed);
      const { operationName, variables } = payload;
      try {
        checkCost({ schema, document: parsed, operationName, variables }, options.limits);
      } catch (error) {
        return refused([error as ReturnType<typeof apiError>]);
      }
      return {
        schema,
        document: parsed,
        operationName,
        variableValues: variables,
        contextValue: dependencies.context(connection.extra.requestId),
      };
    },
    async execute(args) {
      const begun = performance.now();
      const result = await execute(args);
      metrics.operation('websocket', outcomeOf(result.errors), (performance.now() - begun) / 1000);
      return result;
    },
    async subscribe(args) {
      const result = await subscribe(args);
      metrics.operation('websocket', outcomeOf('errors' in result ? result.errors : undefined), null);
      return result;
    },
    onNext({ extra }, _id, _payload, _args, { errors, data }) {
      if (errors) return { data: data ?? null, errors: errors.map((error) => shown(error, extra.requestId)) };
    },
    onError: ({ extra }, _id, _payload, errors) => errors.map((error) => shown(error, extra.requestId)),
  });

  function refused<Errors>(errors: Errors): Errors {
    metrics.operation('websocket', 'refused', null);
    return errors;
  }

  function shown(error: unknown, requestId: string) {
    const { formatted, internal } = formatApiError(error);
    if (internal) log.error({ err: internal, requestId }, 'an operation failed');
    return formatted;
  }

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const status = refusal(request);
    if (status !== null) {
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (accepted) => serve(accepted, dependencies.requestId(request)));
  }

  /** A page of another site may open a WebSocket to here, unlike an HTTP request; its Origin gives it away. */
  function refusal(request: IncomingMessage): string | null {
    if ((request.url ?? '').split('?')[0] !== options.path) return '404 Not Found';
    const { origin, host } = request.headers;
    if (origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host)) return '403 Forbidden';
    return sockets.clients.size >= options.maxConnections ? '503 Service Unavailable' : null;
  }

  function serve(socket: WebSocket, requestId: string): void {
    metrics.connected(1);
    let answered = true;
    const pings = setInterval(() => {
      if (!answered) return socket.terminate();
      answered = false;
      socket.ping();
    }, options.keepAliveMs);
    socket.on('pong', () => (answered = true));
    socket.on('error', (error) => log.debug({ err: error, requestId }, 'a WebSocket connection broke'));

    const closed = protocol.opened(
      {
        protocol: socket.protocol,
        send: (data) =>
          new Promise((resolve, reject) => {
            if (socket.readyState !== socket.OPEN) resolve();
            // Called back once the kernel has taken it: a client that does not read makes its subscriptions wait here.
            else socket.send(data, (error) => (error ? reject(error) : resolve()));
          }),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (handle) =>
          socket.on('message', (data) => {
            handle((data as Buffer).toString()).catch((error: unknown) => {
              if (socket.readyState !== socket.OPEN) return;
              log.error({ err: error, requestId }, 'a WebSocket message could not be handled');
              socket.close(internalError, 'INTERNAL_SERVER_ERROR');
            });
          }),
      },
      { requestId },
    );
    socket.once('close', (code, reason) => {
      clearInterval(pings);
      metrics.connected(-1);
      closed(code, String(reason)).catch((error: unknown) => {
        log.error({ err: error, requestId }, 'a WebSocket connection could not be cleaned up');
      });
    });
  }

  return {
    start() {
      server.on('upgrade', upgrade);
    },
    async stop() {
      server.off('upgrade', upgrade);
      const open = [...sockets.clients];
      for (const socket of open) socket.close(goingAway, 'SERVER_STOPPING');
      const graceMs = 2_000;
      const cut = setTimeout(() => open.forEach((socket) => socket.terminate()), graceMs);
      await Promise.all(
        open.map(
          (socket) =>
            new Promise((resolve) =>
              socket.readyState === socket.CLOSED ? resolve(null) : socket.once('close', resolve),
            ),
        ),
      );
      clearTimeout(cut);
      sockets.close();
    },
  };
}
