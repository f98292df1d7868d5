import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Config } from '../src/config/load-config.js';
import type { RawEvent } from '../src/model/raw-event.js';
import type { Transport } from '../src/transport/transport.js';
import { createAgent, type Agent } from './agent.js';
import { createEnrichment } from './enrichment.js';
import { createPublisher } from './publisher.js';
import { createRedactor } from './redaction.js';
import { clusterAccess, createSources } from './sources.js';

export interface ConfiguredAgentOptions {
  readonly config: Config;
  /** Null when nothing is published: then nothing is remembered between starts either. */
  readonly transport: Transport | null;
  /** See {@link AgentOptions.tee}. */
  readonly tee?: (event: RawEvent) => void;
  readonly log: Logger;
  readonly registry: Registry;
}

/** The agent that the configuration describes. Fails when the spool's folder cannot be had. */
export function agentFromConfig(options: ConfiguredAgentOptions): Agent {
  const { config, transport, log, registry } = options;
  const { node, spoolPath, spoolBytes } = config.agent;
  const redactor = createRedactor();
  const cluster = clusterAccess(config);
  const logCheckpoint = transport === null ? null : join(spoolPath, 'container-logs.json');
  return createAgent({
    cluster: cluster.name,
    node,
    sources: createSources({ config, cluster, logCheckpoint, redactor, log, registry }),
    enrichment: createEnrichment(),
    redactor,
    publisher: transport === null ? null : createPublisher({ transport, spoolPath, spoolBytes, log, registry }),
    tee: options.tee ?? null,
    log,
    registry,
  });
}
