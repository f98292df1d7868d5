import type { KubernetesObject } from '../../../src/model/payloads.js';

/** Everything of the healthy shop was created a day before a scenario begins. */
export const createdAt = '2026-11-23T10:00:00Z';

export interface WorkloadParts {
  readonly name: string;
  readonly namespace?: string;
  readonly kind?: 'Deployment' | 'StatefulSet' | 'DaemonSet';
  readonly replicas?: number;
  readonly port?: number;
  readonly image?: string;
  readonly env?: readonly object[];
  /** Merged into the pod template's spec. */
  readonly podSpec?: object;
  /** Merged into the first container. */
  readonly container?: object;
}

type Labels = Readonly<Record<string, string>>;
export const uidOf = (kind: string, namespace: string | null, name: string): string =>
  `uid-${[kind.toLowerCase(), namespace, name].filter((part) => part !== null).join('-')}`;

export function object(
  apiVersion: string,
  kind: string,
  namespace: string | null,
  name: string,
  fields: object = {},
  metadata: object = {},
): KubernetesObject {
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace !== null && { namespace }),
      uid: uidOf(kind, namespace, name),
      generation: 1,
      creationTimestamp: createdAt,
      ...metadata,
    },
    ...fields,
  };
}

export function podTemplate(parts: WorkloadParts): { metadata: { labels: Labels }; spec: object } {
  const { name, port = 8080, image = `registry.example.com/shop/${name}:1.4.2`, env = [] } = parts;
  const probe = { httpGet: { path: '/healthz', port }, periodSeconds: 10, timeoutSeconds: 1, failureThreshold: 3 };
  return {
    metadata: { labels: { app: name } },
    spec: {
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      serviceAccountName: 'default',
      containers: [
        {
          name,
          image,
          ports: [{ name: 'http', containerPort: port, protocol: 'TCP' }],
          env,
          resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '500m', memory: '256Mi' } },
          livenessProbe: probe,
          readinessProbe: probe,
          imagePullPolicy: 'IfNotPresent',
          ...parts.container,
        },
      ],
      ...parts.podSpec,
    },
  };
}

export function workload(parts: WorkloadParts): KubernetesObject {
  const { name, namespace = 'shop', kind = 'Deployment', replicas = 2 } = parts;
  return object('apps/v1', kind, namespace, name, {
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: podTemplate(parts),
      ...(kind === 'Deployment' && {
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
        progressDeadlineSeconds: 600,
      }),
      ...(kind === 'StatefulSet' && { serviceName: name }),
    },
    status: {
      observedGeneration: 1,
      replicas,
      readyReplicas: replicas,
      availableReplicas: replicas,
      updatedReplicas: replicas,
      conditions:
        kind === 'Deployment'
          ? [
              condition('Available', true, 'MinimumReplicasAvailable', createdAt),
              condition('Progressing', true, 'NewReplicaSetAvailable', createdAt),
            ]
          : [],
    },
  });
}

export function replicaSet(owner: KubernetesObject, hash: string, replicas: number): KubernetesObject {
  const { spec } = owner as unknown as { spec: { template: { metadata: { labels: Labels }; spec: object } } };
  const { name, namespace = 'shop' } = owner.metadata;
  const labels = { ...spec.template.metadata.labels, 'pod-template-hash': hash };
  return object(
    'apps/v1',
    'ReplicaSet',
    namespace,
    `${name}-${hash}`,
    {
      spec: {
        replicas,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: spec.template.spec },
      },
      status: { observedGeneration: 1, replicas, readyReplicas: replicas, availableReplicas: replicas },
    },
    { labels, ownerReferences: [ownerReference(owner)] },
  );
}

export function ownerReference(owner: KubernetesObject): object {
  const { apiVersion, kind, metadata } = owner;
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true, blockOwnerDeletion: true };
}

export interface PodPlace {
  readonly name: string;
  readonly node: string | null;
  readonly ip: string;
  readonly at: string;
}

/** A pod of a controller, running and ready since `at`; or only created, when `node` is null. */
export function podOf(owner: KubernetesObject, { name, node, ip, at }: PodPlace): KubernetesObject {
  const { spec } = owner as unknown as {
    spec: { template: { metadata: { labels: Labels }; spec: { containers: readonly NamedImage[] } } };
  };
  const { template } = spec;
  const running = node !== null;
  return object(
    'v1',
    'Pod',
    owner.metadata.namespace ?? 'shop',
    name,
    {
      spec: { ...template.spec, ...(running && { nodeName: node }) },
      status: {
        phase: running ? 'Running' : 'Pending',
        ...(running && { podIP: ip, hostIP: node === 'n1' ? '192.168.0.11' : '192.168.0.12', startTime: at }),
        qosClass: 'Burstable',
        conditions: [
          condition('PodScheduled', running, running ? '' : 'Unschedulable', at),
          condition('Initialized', running, '', at),
          condition('ContainersReady', running, '', at),
          condition('Ready', running, '', at),
        ],
        containerStatuses: running
          ? template.spec.containers.map(({ name: container, image }) => ({
              name: container,
              ready: true,
              started: true,
              restartCount: 0,
              image,
              imageID: `${image.split(':')[0]!}@sha256:${digestOf(image)}`,
              containerID: containerId(name, container, 0),
              state: { running: { startedAt: at } },
              lastState: {},
            }))
          : [],
      },
    },
    {
      labels: template.metadata.labels,
      creationTimestamp: at,
      ownerReferences: [ownerReference(owner)],
    },
  );
}

interface NamedImage {
  readonly name: string;
  readonly image: string;
}

export function containerId(pod: string, container: string, restart: number): string {
  return `containerd://${Buffer.from(`${pod}/${container}/${restart}`).toString('hex').padEnd(64, '0').slice(-64)}`;
}

function digestOf(image: string): string {
  return Buffer.from(image).toString('hex').padEnd(64, '0').slice(0, 64);
}

export function condition(type: string, isTrue: boolean, reason: string, at: string, message = ''): object {
  return {
    type,
    status: isTrue ? 'True' : 'False',
    ...(reason !== '' && { reason }),
    ...(message !== '' && { message }),
    lastTransitionTime: at,
  };
}

export function service(
  name: string,
  namespace: string,
  port: number,
  clusterIP: string,
  more: object = {},
): KubernetesObject {
  return object('v1', 'Service', namespace, name, {
    spec: {
      type: 'ClusterIP',
      clusterIP,
      selector: { app: name },
      ports: [{ name: 'http', port, targetPort: port, protocol: 'TCP' }],
      ...more,
    },
  });
}

export function endpointSlice(of: KubernetesObject, port: number): KubernetesObject {
  const { name, namespace = 'shop' } = of.metadata;
  return object(
    'discovery.k8s.io/v1',
    'EndpointSlice',
    namespace,
    `${name}-x7k2p`,
    { addressType: 'IPv4', endpoints: [], ports: [{ name: 'http', port, protocol: 'TCP' }] },
    { labels: { 'kubernetes.io/service-name': name }, ownerReferences: [ownerReference(of)] },
  );
}

export function node(name: string, ip: string): KubernetesObject {
  const good = (type: string, reason: string): object => condition(type, false, reason, createdAt);
  return object(
    'v1',
    'Node',
    null,
    name,
    {
      spec: { podCIDR: name === 'n1' ? '10.244.1.0/24' : '10.244.2.0/24' },
      status: {
        capacity: { cpu: '4', memory: '8146252Ki', pods: '110', 'ephemeral-storage': '51474912Ki' },
        allocatable: { cpu: '3920m', memory: '7536972Ki', pods: '110', 'ephemeral-storage': '47438316671' },
        addresses: [
          { type: 'InternalIP', address: ip },
          { type: 'Hostname', address: name },
        ],
        nodeInfo: {
          bootID: `boot-${name}-1`,
          architecture: 'amd64',
          kernelVersion: '6.8.0-45-generic',
          kubeletVersion: 'v1.33.4',
          containerRuntimeVersion: 'containerd://2.0.5',
          operatingSystem: 'linux',
        },
        conditions: [
          good('MemoryPressure', 'KubeletHasSufficientMemory'),
          good('DiskPressure', 'KubeletHasNoDiskPressure'),
          good('PIDPressure', 'KubeletHasSufficientPID'),
          condition('Ready', true, 'KubeletReady', createdAt, 'kubelet is posting ready status'),
        ],
      },
    },
    { labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/arch': 'amd64', 'topology.kubernetes.io/zone': 'a' } },
  );
}

export function lease(name: string, namespace: string, holder: string, renewTime: string): KubernetesObject {
  return object('coordination.k8s.io/v1', 'Lease', namespace, name, {
    spec: {
      holderIdentity: holder,
      leaseDurationSeconds: namespace === 'kube-node-lease' ? 40 : 15,
      renewTime,
      leaseTransitions: 1,
    },
  });
}
