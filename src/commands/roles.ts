import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { agentFromConfig } from '../../agent/from-config.js';
import { clusterAccess } from '../../agent/sources.js';
import { createIngest } from '../../ingest/ingest.js';
import { createApi } from '../api/server.js';
import type { Config } from '../config/load-config.js';
import { createGraphStore } from '../graph/create.js';
import { createTelemetryServer, type Readiness } from '../telemetry/http.js';
import { transportOf } from './replay.js';

/** One role alone, over the configured bus and store, until the signal aborts. */
export interface RoleOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly registry: Registry;
  readonly signal: AbortSignal;
}

export async function runAgent({ config, log, registry, signal }: RoleOptions): Promise<void> {
  const transport = transportOf(config, { log, registry });
  const agent = agentFromConfig({ config, transport, log, registry });
  const telemetry = createTelemetryServer({
    host: config.telemetry.host,
    port: config.agent.port,
    registry,
    log,
    readiness: (): Readiness => {
      const { connected, reason } = transport.health();
      const reasons = connected ? [] : [`the bus is away, events are spooled: ${reason ?? 'no connection'}`];
      return { ready: agent.state === 'running', reasons };
    },
  });
  await telemetry.start();
  // The publisher starts the transport, and goes on trying while it is away.
  await agent.start();
  await aborted(signal);
  await agent.stop();
  await transport.stop();
  await telemetry.stop();
}

export async function runIngest({ config, log, registry, signal }: RoleOptions): Promise<void> {
  const transport = transportOf(config, { log, registry });
  const graph = createGraphStore({ config, log, registry });
  const ingest = createIngest({ cluster: clusterAccess(config).name, config, transport, graph, log, registry });
  const telemetry = createTelemetryServer({
    host: config.telemetry.host,
    port: config.ingest.port,
    registry,
    log,
    readiness: async (): Promise<Readiness> => {
      const own = ingest.readiness();
      const store = await graph.health();
      const reasons = store.connected
        ? own.reasons
        : [...own.reasons, `the graph is away: ${store.reason ?? 'no connection'}`];
      return { ready: reasons.length === 0, reasons };
    },
  });
  await telemetry.start();
  await transport.start();
  await graph.start();
  await ingest.start();
  log.info('ingest is running');
  await aborted(signal);
  await ingest.stop();
  await transport.stop();
  await graph.stop();
  await telemetry.stop();
}

export async function runApi({ config, log, registry, signal }: RoleOptions): Promise<void> {
  const transport = transportOf(config, { log, registry });
  const graph = createGraphStore({ config, log, registry });
  const api = await createApi({ options: config.api, graph, transport, log, registry });
  await transport.start();
  await graph.start();
  await api.start();
  log.info({ url: api.url }, 'the API is running');
  await aborted(signal);
  await api.stop();
  await transport.stop();
  await graph.stop();
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
