import type { KubeConfig } from '@kubernetes/client-node';
import { isDeepStrictEqual } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import pino from 'pino';
import { Registry } from 'prom-client';
import type { CollectedEvent, CollectorHealth } from '../../../agent/collector.js';
import {
  createKubernetesCollector,
  type KubernetesCollector,
} from '../../../agent/collectors/kubernetes/kubernetes.js';
import type { ReflectorTiming } from '../../../agent/collectors/kubernetes/reflector.js';
import {
  builtInResources,
  collectionPath,
  scopes,
  type Resource,
} from '../../../agent/collectors/kubernetes/resources.js';
import { prune, publishable, type ServedObject } from '../../../agent/collectors/kubernetes/trim.js';
import { createRedactor } from '../../../agent/redaction.js';
import type { KubernetesObservation } from '../../../src/model/payloads.js';
import type { ControlPlane } from '../../servers/control-plane.js';

/** A running collector, everything it published, and the view that a reader who folds it would have. */
export interface Witness {
  readonly collector: KubernetesCollector;
  readonly registry: Registry;
  readonly events: readonly CollectedEvent[];
  observations(): readonly KubernetesObservation[];
  kinds(): readonly string[];
  health(): CollectorHealth;
  /** Observations of one object, in order. */
  of(kind: string, name: string): readonly KubernetesObservation[];
  /** Resolves when the condition holds, fails with what was last seen when it does not come to hold. */
  until(what: string, condition: () => boolean, timeoutMs?: number): Promise<void>;
  /** Resolves when the folded view is the same as a direct list of every kind; fails with the difference. */
  agrees(more?: readonly Resource[]): Promise<void>;
  stop(): Promise<void>;
}

export interface WitnessOptions {
  readonly kubeConfig?: KubeConfig;
  readonly namespaces?: readonly string[];
  readonly timing?: Partial<ReflectorTiming>;
}

const quick: Partial<ReflectorTiming> = {
  requestTimeoutMs: 5_000,
  backoffBaseMs: 50,
  backoffMaxMs: 500,
  resyncMs: 3_600_000,
};

export async function startWitness(plane: ControlPlane, options: WitnessOptions = {}): Promise<Witness> {
  const redactor = createRedactor();
  const registry = new Registry();
  const events: CollectedEvent[] = [];
  const aborting = new AbortController();
  const collector = createKubernetesCollector({
    kubeConfig: options.kubeConfig ?? plane.proxied,
    clusterName: 'test',
    namespaces: options.namespaces ?? null,
    redactor,
    log: pino({ level: 'silent' }),
    registry,
    timing: { ...quick, ...options.timing },
  });
  await collector.start((event) => events.push(event), aborting.signal);
  const observations = () => events.map(({ data }) => data as unknown as KubernetesObservation);

  /** What a reader knows: every object whose last word was not DELETED, with that word. */
  function fold(): Map<string, unknown> {
    const view = new Map<string, unknown>();
    for (const { action, object } of observations()) {
      const key = `${object.kind} ${object.metadata.namespace ?? ''}/${object.metadata.name} ${object.metadata.uid ?? ''}`;
      if (action === 'DELETED') {
        if (!view.delete(key)) throw new Error(`DELETED of ${key}, of which nothing had been said`);
      } else {
        if (action === 'ADDED' && view.has(key)) throw new Error(`ADDED twice: ${key}`);
        if (action === 'MODIFIED' && !view.has(key)) throw new Error(`MODIFIED before it was there: ${key}`);
        view.set(key, comparable(object));
      }
    }
    return view;
  }

  async function direct(more: readonly Resource[]): Promise<Map<string, unknown>> {
    const listed = new Map<string, unknown>();
    for (const resource of [...builtInResources, ...more]) {
      for (const namespace of scopes(resource, options.namespaces ?? null)) {
        for (const item of await plane.list(collectionPath(resource, namespace))) {
          const object = publishable(prune(item, resource), redactor);
          const { namespace: home = '', name, uid } = object.metadata;
          listed.set(`${object.kind} ${home}/${name} ${uid}`, comparable(object));
        }
      }
    }
    return listed;
  }

  function timesRise(): void {
    const times = events.map(({ timestamp }) => timestamp);
    if (times.some((time, at) => at > 0 && time < (times[at - 1] ?? ''))) throw new Error('timestamps went back');
  }

  async function until(what: string, condition: () => boolean, timeoutMs = 20_000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!condition()) {
      if (performance.now() > deadline) {
        throw new Error(
          `never: ${what}; health ${JSON.stringify(collector.health())}; last ${JSON.stringify(events.at(-1))}`,
        );
      }
      await delay(20);
    }
  }

  return {
    collector,
    registry,
    events,
    observations,
    kinds: () => [...new Set(events.map(({ data }) => data.kind))],
    health: () => collector.health(),
    of: (kind, name) => observations().filter((seen) => seen.kind === kind && seen.object.metadata.name === name),
    until,
    async agrees(more = []) {
      let difference: unknown = null;
      timesRise();
      for (let tries = 0; tries < 60; tries++) {
        const [listed, folded] = [await direct(more), fold()];
        difference = {
          missed: [...listed.keys()].filter((key) => !folded.has(key)),
          invented: [...folded.keys()].filter((key) => !listed.has(key)),
          outdated: [...listed].filter(
            ([key, object]) => folded.has(key) && !isDeepStrictEqual(object, folded.get(key)),
          ),
        };
        if (Object.values(difference as Record<string, unknown[]>).every(({ length }) => length === 0)) return;
        await delay(250);
      }
      throw new Error(`the view is not what the server lists: ${JSON.stringify(difference, null, 1).slice(0, 4000)}`);
    },
    async stop() {
      aborting.abort();
      await collector.stop();
    },
  };
}

export function configMap(name: string, data: Readonly<Record<string, string>>) {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
}

/** Without what a heartbeat alone may change, as those are not published. */
function comparable(object: ServedObject): unknown {
  const { resourceVersion: _r, generation: _g, ...metadata } = object.metadata;
  return JSON.parse(
    JSON.stringify({ ...object, metadata }, (key, value: unknown) =>
      key === 'lastHeartbeatTime' || key === 'renewTime' ? undefined : value,
    ),
  );
}
