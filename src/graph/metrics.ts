import { Counter, Histogram, type Registry } from 'prom-client';

export interface GraphMetrics {
  /** Ends the measurement of one transaction. */
  time(operation: 'read' | 'write'): () => void;
  retried(operation: 'read' | 'write'): void;
}

export function createGraphMetrics(registry: Registry): GraphMetrics {
  const seconds = new Histogram({
    name: 'throughline_graph_transaction_seconds',
    help: 'Time of one graph transaction, retries included. A rise means a slow or overloaded store, or reads that walk too much of the graph.',
    labelNames: ['operation'],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
    registers: [registry],
  });
  const retries = new Counter({
    name: 'throughline_graph_retries_total',
    help: 'Graph transactions tried again after a transient error. A steady rise means writers in each other’s way, or a store that comes and goes.',
    labelNames: ['operation'],
    registers: [registry],
  });
  return {
    time(operation) {
      const end = seconds.startTimer({ operation });
      return () => void end();
    },
    retried: (operation) => retries.inc({ operation }),
  };
}
