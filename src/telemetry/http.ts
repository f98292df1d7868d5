import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';

export interface Readiness {
  readonly ready: boolean;
  /** One line for each thing that is not as it should be: shown to the operator as they are. */
  readonly reasons: readonly string[];
}

export interface TelemetryServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly registry: Registry;
  /** Asked at every /readyz. A rejection counts as not ready, with its message as the reason. */
  readonly readiness: () => Readiness | Promise<Readiness>;
  readonly log: Logger;
}

export interface TelemetryServer {
  /** Resolves with the port it listens on; rejects when the address cannot be had. */
  start(): Promise<number>;
  stop(): Promise<void>;
}

/**
 * What a role without an API shows to its operators: `/healthz` (200 while the process turns its event loop), `/readyz` (200 or 503 with
 * the reasons) and `/metrics` (Prometheus text). Paths and meanings are those of Kubernetes probes.
 */
export function createTelemetryServer(options: TelemetryServerOptions): TelemetryServer {
  const { registry, log } = options;

  async function answer(path: string): Promise<{ status: number; type: string; body: string }> {
    if (path === '/healthz') return { status: 200, type: 'text/plain', body: 'ok\n' };
    if (path === '/metrics') return { status: 200, type: registry.contentType, body: await registry.metrics() };
    if (path !== '/readyz') return { status: 404, type: 'text/plain', body: 'see /healthz, /readyz and /metrics\n' };
    const { ready, reasons } = await readinessOf(options);
    return { status: ready ? 200 : 503, type: 'application/json', body: `${JSON.stringify({ ready, reasons })}\n` };
  }

  const server = createServer((request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
      return;
    }
    answer((request.url ?? '/').split('?')[0]!).then(
      ({ status, type, body }) => {
        response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
        response.end(request.method === 'HEAD' ? undefined : body);
      },
      (error: unknown) => {
        log.error({ err: error, path: request.url }, 'a telemetry request failed');
        response.writeHead(500).end();
      },
    );
  });

  return {
    async start() {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(options.port, options.host, () => {
          server.removeListener('error', reject);
          resolve();
        });
      });
      const { port } = server.address() as AddressInfo;
      log.info({ host: options.host, port }, 'serving /healthz, /readyz and /metrics');
      return port;
    },
    async stop() {
      if (!server.listening) return;
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function readinessOf(options: TelemetryServerOptions): Promise<Readiness> {
  try {
    return await options.readiness();
  } catch (error) {
    return { ready: false, reasons: [error instanceof Error ? error.message : String(error)] };
  }
}
