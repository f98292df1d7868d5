import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export type OperationOutcome = 'ok' | 'refused' | 'failed';

export interface ApiMetrics {
  /** One operation is answered, or a subscription begun; null when there is no time worth measuring. */
  operation(transport: 'http' | 'websocket', outcome: OperationOutcome, seconds: number | null): void;
  connected(change: 1 | -1): void;
  subscribed(change: 1 | -1): void;
  coalesced(count: number): void;
}

export function createApiMetrics(registry: Registry): ApiMetrics {
  const registers = [registry];
  const operations = new Counter({
    name: 'throughline_api_operations_total',
    help: 'GraphQL operations by outcome: ok, refused (the client asked for what it may not), failed (our fault). Any rise of failed: read the log.',
    labelNames: ['transport', 'outcome'],
    registers,
  });
  const seconds = new Histogram({
    name: 'throughline_api_operation_seconds',
    help: 'Time to answer one query. A rise with a steady throughline_graph_transaction_seconds means that this process is short of CPU.',
    labelNames: ['transport'],
    buckets: [0.005, 0.02, 0.05, 0.2, 1, 5, 30],
    registers,
  });
  const sockets = new Gauge({
    name: 'throughline_api_websockets',
    help: 'Open WebSocket connections.',
    registers,
  });
  const subscriptions = new Gauge({
    name: 'throughline_api_subscriptions',
    help: 'Subscriptions under way.',
    registers,
  });
  const coalesced = new Counter({
    name: 'throughline_api_coalesced_results_total',
    help: 'Revisions that slow subscribers did not get because a newer one of the same incident was waiting. A rise: clients or network cannot keep up.',
    registers,
  });
  return {
    operation(transport, outcome, took) {
      operations.inc({ transport, outcome });
      if (took !== null) seconds.observe({ transport }, took);
    },
    connected: (change) => sockets.inc(change),
    subscribed: (change) => subscriptions.inc(change),
    coalesced: (count) => coalesced.inc(count),
  };
}
