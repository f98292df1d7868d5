import { Counter, Gauge, type Registry } from 'prom-client';

export interface CollectorMetrics {
  readonly observations: Counter<'action'>;
  readonly unpublished: Counter<'reason'>;
  readonly relists: Counter<'resource' | 'reason'>;
  readonly watchRestarts: Counter<'resource' | 'reason'>;
}

/** What the gauges read at the moment they are scraped. */
export interface ResourceSample {
  readonly resource: string;
  readonly silentMs: number | null;
  readonly objects: number;
}

export function createCollectorMetrics(registry: Registry, sample: () => readonly ResourceSample[]): CollectorMetrics {
  const registers = [registry];
  new Gauge({
    name: 'throughline_kubernetes_staleness_seconds',
    help: 'Seconds since the API server last said anything about this resource (list, event or bookmark). Above 120 its watch is broken: what happens now is not seen.',
    labelNames: ['resource'],
    registers,
    collect() {
      this.reset();
      for (const { resource, silentMs } of sample()) if (silentMs !== null) this.set({ resource }, silentMs / 1000);
    },
  });
  new Gauge({
    name: 'throughline_kubernetes_objects',
    help: 'Objects of this resource that are known now. A fall to zero while the cluster runs means that the resource is no longer visible.',
    labelNames: ['resource'],
    registers,
    collect() {
      this.reset();
      for (const { resource, objects } of sample()) this.set({ resource }, objects);
    },
  });
  return {
    observations: new Counter({
      name: 'throughline_kubernetes_observations_total',
      help: 'Observations of Kubernetes objects that were published, by action. A rise of MODIFIED means that something in the cluster is busy.',
      labelNames: ['action'],
      registers,
    }),
    unpublished: new Counter({
      name: 'throughline_kubernetes_unpublished_total',
      help: 'Changes that were seen and not published: heartbeats say nothing new; failed ones are a defect and count as lost.',
      labelNames: ['reason'],
      registers,
    }),
    relists: new Counter({
      name: 'throughline_kubernetes_relists_total',
      help: 'Lists that had to be read again in full because the server no longer had the history. Many mean an overloaded or restarting API server.',
      labelNames: ['resource', 'reason'],
      registers,
    }),
    watchRestarts: new Counter({
      name: 'throughline_kubernetes_watch_restarts_total',
      help: 'Watches that ended and were begun again. `ended` is routine every few minutes; the other reasons mean trouble on the way to the API server.',
      labelNames: ['resource', 'reason'],
      registers,
    }),
  };
}
