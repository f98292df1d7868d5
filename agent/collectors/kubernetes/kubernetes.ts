import type { KubeConfig } from '@kubernetes/client-node';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { setTimeout as delay } from 'node:timers/promises';
import type { KubernetesObject, KubernetesObservation } from '../../../src/model/payloads.js';
import type { RawEvent } from '../../../src/model/raw-event.js';
import { now, type Timestamp } from '../../../src/model/time.js';
import type { Collector, EventSink } from '../../collector.js';
import type { Redactor } from '../../redaction.js';
import { createApiClient } from './api-client.js';
import { customResource } from './custom-resources.js';
import { collectorHealth } from './health.js';
import { createCollectorMetrics } from './metrics.js';
import { createNodeLeases } from './node-leases.js';
import { createObjectView, type ObjectView } from './object-view.js';
import { createReflector, defaultTiming, type Reflector, type ReflectorTiming } from './reflector.js';
import { apiVersion, builtInResources, resourceName, scopes, type Resource } from './resources.js';
import { prune, publishable, type ServedObject } from './trim.js';

export interface KubernetesCollectorOptions {
  readonly kubeConfig: KubeConfig;
  readonly clusterName: string;
  /** Namespaces to watch; null for all. Cluster-scoped kinds are watched in either case. */
  readonly namespaces: readonly string[] | null;
  readonly redactor: Redactor;
  readonly log: Logger;
  readonly registry: Registry;
  /** How often every object is published again as SYNC, spread over the period. Default 600_000. */
  readonly resyncMs?: number;
  /** For tests: shorter waits. */
  readonly timing?: Partial<ReflectorTiming>;
}

export interface KubernetesCollector extends Collector {
  /** Every observation as it is published, for enrichment. Returns what ends it. */
  onObject(listener: (observation: KubernetesObservation) => void): () => void;
}

/** Lists read at the same time: the API server's fair queueing gives one client about this much. */
const concurrentLists = 6;
/** start() gives up waiting for the first lists, which go on. */
const maxStartMs = 30_000;

interface Watched {
  readonly name: string;
  readonly view: ObjectView;
  reflector: Reflector;
  stop: AbortController;
  running: Promise<void>;
}

/** Every object of the cluster and each of its changes, in the order of observation. Docs of what is read: resources.ts; of what is kept back: trim.ts. */
export function createKubernetesCollector(options: KubernetesCollectorOptions): KubernetesCollector {
  const { clusterName, redactor, registry } = options;
  const log = options.log.child({ collector: 'kubernetes' });
  const timing = {
    ...defaultTiming,
    ...(options.resyncMs === undefined ? {} : { resyncMs: options.resyncMs }),
    ...options.timing,
  };
  const api = createApiClient({ kubeConfig: options.kubeConfig, requestTimeoutMs: timing.requestTimeoutMs });
  const listGate = createGate(concurrentLists);
  const listeners = new Set<(observation: KubernetesObservation) => void>();
  const watched = new Map<string, Watched>();
  const metrics = createCollectorMetrics(registry, samples);
  const leases = createNodeLeases((lease) => publish(leaseObservation(lease)));
  const stopping = new AbortController();
  let sink: EventSink | null = null;
  let signal: AbortSignal = stopping.signal;
  let last: Timestamp = '';
  let leaseTimer: NodeJS.Timeout | null = null;

  /** The moment of observation; never before the one before, even if the clock is set back. */
  function stamp(): Timestamp {
    const time = now();
    if (time > last) last = time;
    return last;
  }

  function publish(observation: KubernetesObservation): void {
    if (stopping.signal.aborted || sink === null) return;
    metrics.observations.inc({ action: observation.action });
    sink({
      type: 'kubeapi',
      timestamp: stamp(),
      data: { ...observation },
      metadata: { cluster: clusterName, ...place(observation.object) },
    });
    for (const listener of listeners) listener(observation);
  }

  function leaseObservation(lease: ServedObject): KubernetesObservation {
    const resource = builtInResources.find(({ plural }) => plural === 'leases');
    if (resource === undefined) throw new Error('leases are not in the table of resources');
    return {
      kind: 'lease',
      action: 'MODIFIED',
      object: publishable(prune(lease, resource), redactor),
      changes: [],
      changedBy: null,
    };
  }

  function watch(resource: Resource, namespace: string | null): Watched {
    const name = resourceName(resource);
    const key = `${name}/${namespace ?? ''}`;
    const known = watched.get(key);
    const view =
      known?.view ?? createObjectView({ resource, publish, redactor, log, metrics, onServed: reader(resource) });
    const reflector = createReflector({ api, resource, namespace, sink: view, log, metrics, listGate, timing });
    known?.stop.abort();
    const stop = new AbortController();
    const running = reflector.run(AbortSignal.any([signal, stop.signal]));
    const entry = { name, view, reflector, stop, running };
    watched.set(key, entry);
    return entry;
  }

  /** Who else reads the objects of a kind as served. */
  function reader(resource: Resource): (type: 'SEEN' | 'DELETED', object: ServedObject) => void {
    if (resource.kind === 'Lease') {
      return (type, lease) => (type === 'SEEN' ? leases.seen(lease) : leases.deleted(lease));
    }
    if (resource.kind === 'CustomResourceDefinition') return onDefinition;
    return () => {};
  }

  function onDefinition(type: 'SEEN' | 'DELETED', definition: ServedObject): void {
    if (type === 'DELETED') return removeCustomResource(definition.metadata.name);
    const resource = customResource(definition);
    if (resource === null) return;
    for (const namespace of scopes(resource, options.namespaces)) {
      const known = watched.get(`${resourceName(resource)}/${namespace ?? ''}`);
      if (known === undefined || apiVersion(known.reflector.resource) !== apiVersion(resource))
        watch(resource, namespace);
    }
  }

  /** A definition goes only after all of its objects (its finalizer sees to that), so what is still known of them is gone too. */
  function removeCustomResource(name: string): void {
    for (const [key, entry] of watched) {
      if (entry.name !== name) continue;
      entry.stop.abort();
      entry.view.vanish();
      watched.delete(key);
    }
  }

  function samples() {
    const byName = new Map<string, { resource: string; silentMs: number | null; objects: number }>();
    for (const { name, view, reflector } of watched.values()) {
      const { silentMs } = reflector.status();
      const other = byName.get(name);
      byName.set(name, {
        resource: name,
        silentMs: silentMs === null ? (other?.silentMs ?? null) : Math.max(silentMs, other?.silentMs ?? 0),
        objects: view.size() + (other?.objects ?? 0),
      });
    }
    return [...byName.values()];
  }

  function tickLeases(): void {
    const reflectors = [...watched.values()]
      .filter(({ name }) => name.startsWith('leases.'))
      .map(({ reflector }) => reflector);
    leases.tick(reflectors.some((reflector) => reflector.status().state === 'watching'));
  }

  return {
    name: 'kubernetes',
    async start(events, outer) {
      sink = events;
      signal = AbortSignal.any([outer, stopping.signal]);
      for (const resource of builtInResources) {
        for (const namespace of scopes(resource, options.namespaces)) watch(resource, namespace);
      }
      leaseTimer = setInterval(tickLeases, 1000);
      const settled = Promise.all([...watched.values()].map(({ reflector }) => reflector.settled));
      const waiting = new AbortController();
      const cap = delay(maxStartMs, undefined, { signal: AbortSignal.any([signal, waiting.signal]) }).catch(() => {});
      await Promise.race([settled, cap]);
      waiting.abort();
      log.info(
        { server: api.server, objects: [...watched.values()].reduce((sum, { view }) => sum + view.size(), 0) },
        'watching',
      );
    },
    async stop() {
      stopping.abort();
      if (leaseTimer !== null) clearInterval(leaseTimer);
      await Promise.all([...watched.values()].map(({ running }) => running));
      api.close();
    },
    health: () =>
      collectorHealth(
        api.server,
        [...watched.values()].map(({ name, reflector }) => ({ name, status: reflector.status() })),
        [...watched.values()].reduce((sum, { view }) => sum + view.lost(), 0),
      ),
    onObject(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Where the object stands. An Event stands where the object it is about does, so that both meet in one shard. */
function place(object: KubernetesObject): RawEvent['metadata'] {
  const about = object.kind === 'Event' ? ((object['involvedObject'] ?? {}) as Partial<ObjectReference>) : null;
  const { kind, name, namespace, uid } = about === null ? { kind: object.kind, ...object.metadata } : { ...about };
  const scope = namespace ? { namespace } : {};
  if (kind === 'Node' && name) return { ...scope, node: name };
  if (kind !== 'Pod' || !name) return scope;
  const spec = (object.kind === 'Pod' ? object['spec'] : undefined) as { nodeName?: string } | undefined;
  return { ...scope, pod: name, ...(uid ? { podUid: uid } : {}), ...(spec?.nodeName ? { node: spec.nodeName } : {}) };
}

interface ObjectReference {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
}

/** At most `places` pieces of work at a time, the rest in the order they came. */
function createGate(places: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let free = places;
  return async (work) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}
