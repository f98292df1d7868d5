import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { createMemoryTransport, type MemoryTransportOptions } from './memory.js';
import { createTransportMetrics } from './metrics.js';
import { createNatsTransport, type NatsTransportOptions } from './nats.js';
import type { Transport } from './transport.js';

/** `transport.kind` of the configuration chooses; `nats` carries the settings of that name. */
export type TransportOptions =
  | { readonly kind: 'memory'; readonly memory?: MemoryTransportOptions }
  | { readonly kind: 'nats'; readonly nats: NatsTransportOptions };

/** The bus, not yet started. */
export function createTransport(
  options: TransportOptions,
  dependencies: { readonly log: Logger; readonly registry: Registry },
): Transport {
  const metrics = createTransportMetrics(dependencies.registry);
  if (options.kind === 'memory') return createMemoryTransport(options.memory ?? {}, { metrics });
  return createNatsTransport(options.nats, { log: dependencies.log.child({ part: 'transport' }), metrics });
}
