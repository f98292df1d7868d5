import type { FieldChange, KubernetesObject, KubernetesObservation } from '../../../src/model/payloads.js';
import { fromEpochMs } from '../../../src/model/time.js';
import type { Rollout } from './rollouts.js';

export type Observe = (
  second: number,
  object: KubernetesObject,
  action: KubernetesObservation['action'],
  changes: readonly FieldChange[],
) => void;

/**
 * The objects that a rollout consists of, as a watch would show them. The set runs each version as a Deployment of its own behind one
 * Service; here the two are one Deployment with a ReplicaSet each, which is how Kubernetes itself rolls out.
 */
export interface Cluster {
  /** What there was before any change: Services, workloads, pods. */
  begin(pods: readonly string[], second: number): void;
  /** Each step: the template changes once, new pods are made, and when the step is complete they are ready and old ones are gone. */
  rollOut(rollout: Rollout, untilSecond: number): void;
}

export function createCluster(namespace: string, observe: Observe): Cluster {
  let version = 0;
  const replicaSets = new Set<string>();
  const wanted = new Map<string, number>();
  let beganSecond = 0;

  const at = (second: number): string => fromEpochMs(second * 1000);
  const metadata = (name: string, uid: string, more: object = {}): KubernetesObject['metadata'] => ({
    name,
    namespace,
    uid,
    resourceVersion: String(++version),
    creationTimestamp: at(beganSecond),
    ...more,
  });
  const ownedBy = (kind: string, name: string, uid: string): object => ({
    ownerReferences: [{ apiVersion: 'apps/v1', kind, name, uid, controller: true }],
  });
  const template = (service: string, image: string): object => ({
    metadata: { labels: { app: service } },
    spec: { containers: [{ name: 'server', image }] },
  });

  function deployment(
    service: string,
    image: string,
    ready: number,
    updated: number,
    generation: number,
  ): KubernetesObject {
    const replicas = wanted.get(service)!;
    return {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: metadata(service, `deployment-${service}`, { generation, labels: { app: service } }),
      spec: { replicas, selector: { matchLabels: { app: service } }, template: template(service, image) },
      status: {
        observedGeneration: generation,
        replicas,
        updatedReplicas: updated,
        readyReplicas: ready,
        availableReplicas: ready,
      },
    };
  }

  function replicaSet(service: string, name: string, image: string): KubernetesObject {
    const uid = `replicaset-${name}`;
    return {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: metadata(name, uid, ownedBy('Deployment', service, `deployment-${service}`)),
      spec: { selector: { matchLabels: { app: service } }, template: template(service, image) },
    };
  }

  function pod(
    name: string,
    image: string,
    createdSecond: number,
    readySecond: number | null,
    endsSecond?: number,
  ): KubernetesObject {
    const owner = replicaSetOf(name);
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        ...metadata(name, `pod-${name}`, ownedBy('ReplicaSet', owner, `replicaset-${owner}`)),
        labels: { app: serviceOf(name) },
        creationTimestamp: at(createdSecond),
        ...(endsSecond !== undefined && { deletionTimestamp: at(endsSecond) }),
      },
      spec: { containers: [{ name: 'server', image }] },
      status: {
        phase: readySecond === null ? 'Pending' : 'Running',
        conditions: [
          { type: 'PodScheduled', status: 'True', lastTransitionTime: at(createdSecond) },
          {
            type: 'Ready',
            status: readySecond === null ? 'False' : 'True',
            lastTransitionTime: at(readySecond ?? createdSecond),
          },
        ],
      },
    };
  }

  function withReplicaSet(name: string, image: string, second: number, action: 'SYNC' | 'ADDED'): void {
    const owner = replicaSetOf(name);
    if (replicaSets.has(owner)) return;
    replicaSets.add(owner);
    observe(second, replicaSet(serviceOf(name), owner, image), action, []);
  }

  return {
    begin(pods, second) {
      beganSecond = second - 3600;
      const services = new Map<string, string[]>();
      for (const name of pods) {
        const service = serviceOf(name);
        services.set(service, [...(services.get(service) ?? []), name]);
      }
      for (const [service, own] of services) {
        wanted.set(service, own.length);
        const selector = { app: service };
        observe(
          second,
          { apiVersion: 'v1', kind: 'Service', metadata: metadata(service, `service-${service}`), spec: { selector } },
          'SYNC',
          [],
        );
        observe(second, deployment(service, `${service}:v1`, own.length, own.length, 1), 'SYNC', []);
        for (const name of own) {
          withReplicaSet(name, `${service}:v1`, second, 'SYNC');
          observe(second, pod(name, `${service}:v1`, beganSecond, beganSecond), 'SYNC', []);
        }
      }
    },
    rollOut({ service, steps }, untilSecond) {
      const [before, after] = [`${service}:v1`, `${service}:v2`];
      steps.forEach((step, index) => {
        const second = step.startSecond;
        const image: FieldChange = {
          path: 'spec.template.spec.containers[server].image',
          from: JSON.stringify(before),
          to: JSON.stringify(after),
        };
        const replicas = wanted.get(service) ?? step.old + step.new;
        wanted.set(service, replicas);
        const updated = step.new - step.releasedPods.length;
        observe(second, deployment(service, after, replicas, updated, 2), 'MODIFIED', index === 0 ? [image] : []);
        for (const name of step.releasedPods) {
          withReplicaSet(name, after, second, 'ADDED');
          observe(second, pod(name, after, second, null), 'ADDED', []);
        }
        if (step.completeSecond > untilSecond) return;
        for (const name of step.deletedPods)
          observe(step.completeSecond, pod(name, before, beganSecond, beganSecond, second), 'DELETED', []);
        for (const name of step.releasedPods)
          observe(step.completeSecond, pod(name, after, second, step.completeSecond), 'MODIFIED', []);
        observe(step.completeSecond, deployment(service, after, replicas, step.new, 2), 'MODIFIED', []);
      });
    },
  };
}

/** `adservice-v1-59dcc9f97-bl5j2` is a pod of ReplicaSet `adservice-v1-59dcc9f97`. */
function replicaSetOf(pod: string): string {
  return pod.replace(/-[^-]+$/, '');
}

function serviceOf(pod: string): string {
  return pod.replace(/(-v\d+)?-[^-]+-[^-]+$/, '');
}
