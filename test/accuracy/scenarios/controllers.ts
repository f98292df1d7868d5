import type { KubernetesObject } from '../../../src/model/payloads.js';
import { condition, podOf, replicaSet } from './objects.js';
import { merged } from './merge.js';
import type { World } from './world.js';

/** What the controllers of Kubernetes do by themselves: endpoints follow readiness, workloads count their pods. */
export interface Controllers {
  /** From now on nothing follows by itself: kube-controller-manager is down. */
  halt(): void;
  follow(changed: KubernetesObject): void;
  pods(owner: string): string[];
  workloadOf(pod: KubernetesObject): { readonly kind: string; readonly name: string } | null;
  rollout(deployment: string, template: object, by: string): string;
  addPod(owner: string, node: string): string;
}

interface Owned {
  readonly ownerReferences?: readonly { readonly kind: string; readonly name: string; readonly uid: string }[];
}

interface PodFields {
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly podIP?: string;
    readonly conditions: readonly { readonly type: string; readonly status: string }[];
  };
}

interface WorkloadFields {
  readonly spec: {
    readonly replicas?: number;
    readonly template: {
      readonly spec: { readonly containers: readonly { readonly name: string; readonly image: string }[] };
    };
  };
}

export function createControllers(w: World, objects: ReadonlyMap<string, KubernetesObject>): Controllers {
  let revision = 0;
  let made = 0;
  let halted = false;

  const named = (kind: string): [string, KubernetesObject][] =>
    [...objects].filter(([, object]) => object.kind === kind);
  const ownerOf = (object: KubernetesObject) => (object.metadata as Owned).ownerReferences?.[0] ?? null;

  function isReady(pod: KubernetesObject): boolean {
    const { status } = pod as unknown as PodFields;
    return (
      pod.metadata.deletionTimestamp === undefined &&
      status.conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True')
    );
  }

  function pods(owner: string): string[] {
    const { uid } = w.get(owner).metadata;
    const owners = new Set([
      uid,
      ...named('ReplicaSet')
        .filter(([, set]) => ownerOf(set)?.uid === uid)
        .map(([, set]) => set.metadata.uid),
    ]);
    return named('Pod')
      .filter(([, pod]) => owners.has(ownerOf(pod)?.uid))
      .map(([ref]) => ref);
  }

  function workloadOf(pod: KubernetesObject) {
    const owner = ownerOf(pod);
    if (owner === null) return null;
    const above = objects.get(`${owner.kind}/${pod.metadata.namespace ?? ''}/${owner.name}`);
    return (above && ownerOf(above)) ?? owner;
  }

  function follow(changed: KubernetesObject): void {
    if (halted) return;
    const { generation } = changed.metadata;
    const { observedGeneration } = (changed.status ?? {}) as { readonly observedGeneration?: number };
    const ref = `${changed.kind}/${changed.metadata.namespace ?? ''}/${changed.metadata.name}`;
    if (generation !== undefined && observedGeneration !== undefined && observedGeneration < generation && w.has(ref))
      w.patch(ref, { status: { observedGeneration: generation } });
    if (changed.kind === 'Service') return endpoints(changed);
    if (changed.kind !== 'Pod') return;
    for (const [, service] of named('Service'))
      if (service.metadata.namespace === changed.metadata.namespace) endpoints(service);
    const owner = ownerOf(changed);
    if (owner === null) return;
    const owning = `${owner.kind}/${changed.metadata.namespace ?? ''}/${owner.name}`;
    if (!w.has(owning) || owner.kind === 'Job') return;
    count(owning);
    const above = ownerOf(w.get(owning));
    if (above && w.has(`${above.kind}/${changed.metadata.namespace ?? ''}/${above.name}`))
      count(`${above.kind}/${changed.metadata.namespace ?? ''}/${above.name}`);
  }

  function count(ref: string): void {
    const owner = w.get(ref);
    const own = pods(ref).map((pod) => w.get(pod));
    const ready = own.filter(isReady).length;
    const { spec } = owner as unknown as WorkloadFields;
    const enough = ready >= (spec.replicas ?? 1);
    w.patch(ref, {
      status: {
        ...(owner.kind === 'DaemonSet'
          ? { numberReady: ready, numberAvailable: ready }
          : { replicas: own.length, readyReplicas: ready, availableReplicas: ready }),
        ...(owner.kind === 'Deployment' &&
          available(owner) !== enough && {
            conditions: [
              enough
                ? condition(
                    'Available',
                    true,
                    'MinimumReplicasAvailable',
                    w.clock(),
                    'Deployment has minimum availability.',
                  )
                : condition(
                    'Available',
                    false,
                    'MinimumReplicasUnavailable',
                    w.clock(),
                    'Deployment does not have minimum availability.',
                  ),
            ],
          }),
      },
    });
  }

  function available(owner: KubernetesObject): boolean {
    const { conditions } = owner.status as {
      conditions: readonly { readonly type: string; readonly status: string }[];
    };
    return conditions.some(({ type, status }) => type === 'Available' && status === 'True');
  }

  function endpoints(service: KubernetesObject): void {
    const { name, namespace = '' } = service.metadata;
    const slice = named('EndpointSlice').find(
      ([, object]) =>
        object.metadata.namespace === namespace && object.metadata.labels?.['kubernetes.io/service-name'] === name,
    );
    const { selector } = service.spec as { readonly selector?: Readonly<Record<string, string>> };
    if (!slice || !selector || !w.has(`Service/${namespace}/${name}`)) return;
    const chosen = named('Pod').filter(
      ([, pod]) =>
        pod.metadata.namespace === namespace &&
        (pod as unknown as PodFields).status.podIP !== undefined &&
        Object.entries(selector).every(([key, value]) => pod.metadata.labels?.[key] === value),
    );
    w.patch(slice[0], {
      endpoints: chosen.map(([, pod]) => ({
        addresses: [(pod as unknown as PodFields).status.podIP],
        conditions: {
          ready: isReady(pod),
          serving: isReady(pod),
          terminating: pod.metadata.deletionTimestamp !== undefined,
        },
        nodeName: (pod as unknown as PodFields).spec.nodeName,
        targetRef: { kind: 'Pod', name: pod.metadata.name, namespace, uid: pod.metadata.uid },
      })),
    });
  }

  /** The Deployment's new template, its new ReplicaSet and the first pod of it, on n1 and with its containers to be created. */
  function rollout(deployment: string, template: object, by: string): string {
    w.patch(deployment, { spec: { template } }, by);
    const owner = w.get(deployment);
    const hash = `6d8c${++revision}`;
    w.patch(deployment, {
      metadata: { annotations: { 'deployment.kubernetes.io/revision': String(1 + revision) } },
      status: {
        observedGeneration: owner.metadata.generation,
        updatedReplicas: 1,
        conditions: [condition('Progressing', true, 'ReplicaSetUpdated', w.clock())],
      },
    });
    const set = replicaSet(w.get(deployment), hash, 1);
    const fresh = merged(set, {
      metadata: { creationTimestamp: w.clock() },
      status: { readyReplicas: 0, availableReplicas: 0 },
    });
    w.create(fresh, 'kube-controller-manager');
    return created(fresh, 'n1');
  }

  /** One more pod of a ReplicaSet, StatefulSet or Job, placed on a node and with its containers to be created. */
  function created(set: KubernetesObject, node: string): string {
    const { spec } = set as unknown as WorkloadFields;
    const name = `${set.metadata.name}-${'efghijklmnop'[made % 12]!}`;
    const pod = podOf(set, { name, node, ip: `10.244.${node === 'n1' ? 1 : 2}.${100 + ++made}`, at: w.clock() });
    return w.create(
      merged(pod, {
        status: {
          phase: 'Pending',
          conditions: [
            condition(
              'ContainersReady',
              false,
              'ContainersNotReady',
              w.clock(),
              `containers with unready status: [${spec.template.spec.containers[0]!.name}]`,
            ),
            condition(
              'Ready',
              false,
              'ContainersNotReady',
              w.clock(),
              `containers with unready status: [${spec.template.spec.containers[0]!.name}]`,
            ),
          ],
          containerStatuses: spec.template.spec.containers.map(({ name: container, image }) => ({
            name: container,
            ready: false,
            started: false,
            restartCount: 0,
            image,
            imageID: '',
            containerID: '',
            state: { waiting: { reason: 'ContainerCreating' }, running: null },
          })),
        },
      }),
      'kube-controller-manager',
    );
  }

  return {
    halt: () => void (halted = true),
    follow,
    pods,
    workloadOf,
    rollout,
    addPod: (owner, node) => created(w.get(owner), node),
  };
}
