import type { KubernetesObject } from '../../../src/model/payloads.js';
import { condition, lease, node, object, podOf } from './objects.js';
import type { World } from './world.js';

/** What happens to nodes in many scenarios, as the kubelet and the node lifecycle controller tell it. */

/** The pods on a node of the shop: `-a` and the single ones on n1, `-b` on n2. */
export function podsOn(name: 'n1' | 'n2'): string[] {
  const own = ['frontend', 'cart', 'catalog', 'checkout', 'payment'].map(
    (workload) => `Pod/shop/${workload}-5f7b9-${name === 'n1' ? 'a' : 'b'}`,
  );
  return name === 'n1' ? [...own, 'Pod/shop/cache-5f7b9-a', 'Pod/shop/db-0'] : own;
}

/** As the controller marks the pods of a node that it has lost: nothing but the condition changes. */
export function markedUnready(w: World, pod: string): void {
  w.patch(pod, { status: { conditions: [condition('Ready', false, '', w.clock())] } });
}

/** Nobody renews the node's lease; 40 s later the controller counts it, and its pods, as not ready. */
export function goesSilent(w: World, name: 'n1' | 'n2', second: number): void {
  w.at(second + 40);
  w.leaseOverdue(name);
  w.patch(
    `Node/${name}`,
    {
      spec: { taints: [{ key: 'node.kubernetes.io/unreachable', effect: 'NoExecute', timeAdded: w.clock() }] },
      status: {
        conditions: ['MemoryPressure', 'DiskPressure', 'PIDPressure', 'Ready'].map((type) => ({
          ...condition(type, false, 'NodeStatusUnknown', w.clock(), 'Kubelet stopped posting node status.'),
          status: 'Unknown',
        })),
      },
    },
    'kube-controller-manager',
  );
  w.event('NodeNotReady', `Node/${name}`, `Node ${name} status is now: NodeNotReady`, {
    type: 'Normal',
    component: 'node-controller',
  });
  for (const pod of podsOn(name)) markedUnready(w, pod);
}

/** The kubelet itself reports why its node is not ready. */
export function reportsNotReady(w: World, name: 'n1' | 'n2', message: string): void {
  w.patch(
    `Node/${name}`,
    { status: { conditions: [condition('Ready', false, 'KubeletNotReady', w.clock(), message)] } },
    'kubelet',
  );
}

export function pressure(w: World, name: 'n1' | 'n2', type: string, reason: string, message: string): void {
  w.patch(`Node/${name}`, { status: { conditions: [condition(type, true, reason, w.clock(), message)] } }, 'kubelet');
}

/** As the kubelet ends a pod that it evicts. */
export function evicted(w: World, pod: string, message: string): void {
  w.patch(pod, {
    status: {
      phase: 'Failed',
      reason: 'Evicted',
      message,
      conditions: [
        condition('DisruptionTarget', true, 'TerminationByKubelet', w.clock(), message),
        condition('Ready', false, 'PodFailed', w.clock()),
      ],
    },
  });
  w.event('Evicted', pod, message);
}

/** A node that joins now, with the labels that its cloud gives it. */
export function joins(
  w: World,
  name: string,
  ip: string,
  labels: Readonly<Record<string, string>>,
  ready: boolean,
  why = '',
): void {
  const made = node(name, ip);
  const { metadata } = made;
  w.create(
    { ...made, metadata: { ...metadata, creationTimestamp: w.clock(), labels: { ...metadata.labels, ...labels } } },
    'kubelet',
  );
  w.create(lease(name, 'kube-node-lease', name, w.clock()), 'kubelet');
  w.patch(
    `Node/${name}`,
    { status: { conditions: [condition('Ready', ready, ready ? 'KubeletReady' : 'KubeletNotReady', w.clock(), why)] } },
    'kubelet',
  );
}

/** A DaemonSet of kube-system with a pod on each node of the shop: `<name>-n1`, `<name>-n2`. */
export function agent(w: World, name: string, image: string): void {
  const made = daemonSet(name, image);
  w.create(made, 'kubectl-client-side-apply');
  for (const [index, place] of ['n1', 'n2'].entries())
    w.create(
      podOf(made, { name: `${name}-${place}`, node: place, ip: `192.168.0.1${index + 1}`, at: '2026-11-23T10:00:00Z' }),
      'kube-controller-manager',
    );
}

function daemonSet(name: string, image: string): KubernetesObject {
  return object('apps/v1', 'DaemonSet', 'kube-system', name, {
    spec: {
      selector: { matchLabels: { 'k8s-app': name } },
      template: {
        metadata: { labels: { 'k8s-app': name } },
        spec: { hostNetwork: true, priorityClassName: 'system-node-critical', containers: [{ name, image }] },
      },
    },
    status: { desiredNumberScheduled: 2, currentNumberScheduled: 2, numberReady: 2, numberAvailable: 2 },
  });
}
