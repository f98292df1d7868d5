import { condition, podOf } from './objects.js';
import { merged } from './merge.js';
import type { World } from './world.js';

/** Pods that are wanted and do not come to be. */

interface Replicas {
  readonly spec: { readonly replicas: number };
}

/** Somebody wants one replica more. Returns the ReplicaSet (or StatefulSet) that is to make it. */
export function scalesUp(w: World, owner: string): string {
  const { replicas } = (w.get(owner) as unknown as Replicas).spec;
  w.patch(owner, { spec: { replicas: replicas + 1 } }, 'kubectl-scale');
  const [kind, namespace, name] = owner.split('/') as [string, string, string];
  if (kind !== 'Deployment') return owner;
  const set = `ReplicaSet/${namespace}/${name}-5f7b9`;
  w.patch(set, { spec: { replicas: replicas + 1 } }, 'kube-controller-manager');
  return set;
}

/** One more pod of a workload, for which the scheduler finds no node; why is the evidence. Returns the pod. */
export function unschedulable(w: World, owner: string, message: string, podSpec: object = {}): string {
  const pod = waitingPod(w, owner, podSpec);
  w.evidence(() => {
    w.patch(pod, {
      status: { conditions: [condition('PodScheduled', false, 'Unschedulable', w.clock(), message)] },
    });
    w.event('FailedScheduling', pod, message, { component: 'default-scheduler' });
  });
  return pod;
}

/** One more pod that nobody has looked at yet. */
export function waitingPod(w: World, owner: string, podSpec: object = {}): string {
  const set = scalesUp(w, owner);
  const index = w.pods(owner).length;
  const suffix = set.startsWith('StatefulSet/') ? String(index) : 'abcdefgh'[index]!;
  const name = `${w.get(set).metadata.name}-${suffix}`;
  const pod = podOf(w.get(set), { name, node: null, ip: '', at: w.clock() });
  return w.create(
    merged(pod, { spec: podSpec, status: { conditions: [], containerStatuses: [] } }),
    'kube-controller-manager',
  );
}

/** The API server refuses one more pod of a Deployment, as the ReplicaSet and the Deployment say it; why is the evidence. */
export function refused(w: World, deployment: string, message: string): void {
  const set = scalesUp(w, deployment);
  w.evidence(() => {
    w.event('FailedCreate', set, `Error creating: ${message}`, { component: 'replicaset-controller' });
    for (const owner of [set, deployment])
      w.patch(owner, {
        status: { conditions: [condition('ReplicaFailure', true, 'FailedCreate', w.clock(), message)] },
      });
  });
}
