import { autoscaler, singleDeployment } from './batch.js';
import { merged } from './merge.js';
import { condition, endpointSlice, node, object, replicaSet, service, workload } from './objects.js';
import { refused, waitingPod } from './pending.js';
import type { Scenario } from './scenario.js';
import type { World } from './world.js';

/** An instance of a part of the control plane, as kubeadm runs it: a static pod, of which the kubelet makes a mirror. */
function staticPod(w: World, component: string, on = 'n1'): string {
  return w.create(
    object(
      'v1',
      'Pod',
      'kube-system',
      `${component}-${on}`,
      {
        spec: {
          nodeName: on,
          hostNetwork: true,
          containers: [
            { name: component, image: `registry.k8s.io/${component}:${component === 'etcd' ? '3.5.21-0' : 'v1.33.4'}` },
          ],
        },
        status: {
          phase: 'Running',
          podIP: '192.168.0.11',
          startTime: w.clock(86_400),
          conditions: [
            condition('PodScheduled', true, '', w.clock(86_400)),
            condition('Ready', true, '', w.clock(86_400)),
          ],
          containerStatuses: [
            {
              name: component,
              ready: true,
              started: true,
              restartCount: 0,
              containerID: `containerd://${Buffer.from(component).toString('hex').padEnd(64, '0')}`,
              state: { running: { startedAt: w.clock(86_400) } },
            },
          ],
        },
      },
      {
        labels: { component, tier: 'control-plane' },
        ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: on, uid: `uid-node-${on}`, controller: true }],
      },
    ),
    'kubelet',
  );
}

function controlPlane(w: World): { readonly api: string; readonly etcd: string } {
  const api = staticPod(w, 'kube-apiserver');
  const etcd = staticPod(w, 'etcd');
  staticPod(w, 'kube-scheduler');
  staticPod(w, 'kube-controller-manager');
  const kubernetes = object('v1', 'Service', 'default', 'kubernetes', {
    spec: {
      type: 'ClusterIP',
      clusterIP: '10.96.0.1',
      ports: [{ name: 'https', port: 443, targetPort: 6443, protocol: 'TCP' }],
    },
  });
  w.create(kubernetes);
  w.create({
    ...endpointSlice(kubernetes, 6443),
    endpoints: [{ addresses: ['192.168.0.11'], conditions: { ready: true } }],
  });
  return { api, etcd };
}

function operator(w: World): string {
  const deployment = workload({ name: 'operator', namespace: 'kube-system', replicas: 1 });
  return singleDeployment(w, { deployment, set: replicaSet(deployment, '5f7b9', 1) });
}

function again(w: World, seconds: readonly number[], tell: () => void): void {
  for (const second of seconds) {
    w.at(second);
    tell();
  }
}

const every = [30, 36, 42, 48, 54];

/** The operator says something, and ends for it. */
function operatorFails(w: World, line: string): void {
  const pod = operator(w);
  for (const second of [30, 60]) {
    w.at(second);
    w.evidence(() => w.log(pod, line, 'error'));
    w.crashes(pod, { exitCode: 1, ranS: 4 });
    w.at(second + 10);
    w.started(pod);
  }
  w.at(100);
}

function widgets(w: World): string {
  return w.create(
    object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', null, 'widgets.example.com', {
      spec: { group: 'example.com', names: { kind: 'Widget', plural: 'widgets' } },
      status: { conditions: [condition('Established', true, 'InitialNamesAccepted', w.clock(3600))] },
    }),
  );
}

function metricsApi(w: World): string {
  w.create(service('metrics-server', 'kube-system', 443, '10.96.0.71', { selector: { app: 'metrics-server' } }));
  return w.create(
    object('apiregistration.k8s.io/v1', 'APIService', null, 'v1beta1.metrics.k8s.io', {
      spec: {
        group: 'metrics.k8s.io',
        version: 'v1beta1',
        service: { namespace: 'kube-system', name: 'metrics-server' },
      },
      status: { conditions: [condition('Available', true, 'Passed', w.clock(3600))] },
    }),
  );
}

function blind(w: World, message: string): void {
  w.patch('HorizontalPodAutoscaler/shop/cart', {
    status: { conditions: [condition('ScalingActive', false, 'FailedGetResourceMetric', w.clock(), message)] },
  });
}

const forbidden =
  'configmaps is forbidden: User "system:serviceaccount:shop:default" cannot list resource "configmaps" in API group "" in the namespace "shop"';

function reader(w: World): void {
  w.create(
    object('rbac.authorization.k8s.io/v1', 'RoleBinding', 'shop', 'default-reads', {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
      subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'shop' }],
    }),
  );
}

/** New nodes carry the taint until the cloud controller has looked at them. */
function newNode(w: World): string {
  return w.create(
    merged(node('n3', '192.168.0.13'), {
      metadata: { creationTimestamp: w.clock() },
      spec: {
        taints: [{ key: 'node.cloudprovider.kubernetes.io/uninitialized', value: 'true', effect: 'NoSchedule' }],
      },
    }),
    'kubelet',
  );
}

function secrets(w: World, count: number): void {
  for (let index = 0; index < count; index++) {
    w.at(30 + Math.floor(index / 4));
    w.evidence(() =>
      w.create(
        object(
          'v1',
          'Secret',
          'shop',
          `session-${index}`,
          { type: 'Opaque', data: { token: null } },
          { creationTimestamp: w.clock() },
        ),
        'session-controller',
      ),
    );
  }
  w.at(160);
}

function rejected(w: World, level: string): void {
  const { api } = controlPlane(w);
  again(w, [30, 40, 50], () =>
    w.evidence(() =>
      w.metrics(
        api,
        { apiserver_flowcontrol_rejected_requests_total: 14 },
        { priority_level: level, flow_schema: 'catch-operator' },
      ),
    ),
  );
  w.at(60);
  w.leaseOverdue('n2');
  w.at(100);
}

/** A caller in another namespace, of two Services in shop. */
function portal(w: World): string {
  w.create(object('v1', 'Namespace', null, 'web', { status: { phase: 'Active' } }));
  const deployment = workload({ name: 'portal', namespace: 'web', replicas: 1 });
  return singleDeployment(w, { deployment, set: replicaSet(deployment, '5f7b9', 1), node: 'n2' });
}

function manifest(w: World, message: string, unit: string): void {
  controlPlane(w);
  w.at(30);
  w.remove('Pod/kube-system/kube-scheduler-n1', 'kubelet');
  again(w, [30, 50, 70], () => w.evidence(() => w.entry('n1', message, { unit, identifier: 'kubelet', priority: 3 })));
  waitingPod(w, 'Deployment/shop/cart');
  waitingPod(w, 'Deployment/shop/frontend');
  w.at(130);
}

/** What goes wrong with the control plane, and with what is the same for the whole cluster. */
export const scenarios: readonly Scenario[] = [
  {
    id: 'H01',
    expect: { category: ['etcd.slow'], on: ['ControlPlane/etcd'] },
    play(w) {
      const { etcd } = controlPlane(w);
      const pod = operator(w);
      again(w, every, () =>
        w.evidence(() =>
          w.log(etcd, 'apply request took too long', 'warn', {
            attributes: { took: '1.204s', 'expected-duration': '100ms', prefix: 'read-only range ' },
          }),
        ),
      );
      w.evidence(() => w.metrics(etcd, { 'etcd_disk_wal_fsync_duration_seconds.p99': 1.1 }));
      w.log(pod, 'failed to renew lease kube-system/operator: timed out waiting for the condition', 'error');
      w.restarts(pod, { exitCode: 1 });
      w.at(62);
      w.ready(pod);
      w.at(90);
    },
    guard(w) {
      const { etcd } = controlPlane(w);
      w.at(30);
      // Once, as it happens on any machine.
      w.log(etcd, 'apply request took too long', 'warn');
      w.at(90);
    },
  },
  {
    id: 'H02',
    expect: { category: ['etcd.no-leader'], on: ['ControlPlane/etcd'] },
    play(w) {
      const { api } = controlPlane(w);
      const pod = operator(w);
      again(w, every, () => {
        w.evidence(() => w.log(api, 'rpc error: code = Unavailable desc = etcdserver: no leader', 'error'));
        w.log(pod, 'Update of lease failed: the server was unable to return a response in the time allotted', 'error');
      });
      w.at(90);
    },
    guard(w) {
      const { api } = controlPlane(w);
      w.at(30);
      // An election.
      w.log(api, 'rpc error: code = Unavailable desc = etcdserver: leader changed', 'warn');
      w.at(90);
    },
  },
  {
    id: 'H03',
    expect: { category: ['etcd.space-exceeded'], on: ['ControlPlane/etcd'] },
    play(w) {
      const { api } = controlPlane(w);
      w.at(30);
      w.evidence(() => w.log(api, 'etcdserver: mvcc: database space exceeded', 'error'));
      refused(w, 'Deployment/shop/cart', 'etcdserver: mvcc: database space exceeded');
      w.at(70);
    },
    guard(w) {
      controlPlane(w);
      w.at(30);
      refused(
        w,
        'Deployment/shop/cart',
        'pods "cart-5f7b9-c" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=12, limited: pods=12',
      );
      w.at(70);
    },
  },
  {
    id: 'H04',
    expect: { category: ['apiserver.overloaded'], on: ['ControlPlane/kube-apiserver'] },
    play(w) {
      controlPlane(w);
      const pod = operator(w);
      again(w, every, () =>
        w.evidence(() =>
          w.log(
            pod,
            'Failed to list *v1.Pod: the server has received too many requests and has asked us to try again later (get pods)',
            'error',
          ),
        ),
      );
      w.at(90);
    },
    guard(w) {
      controlPlane(w);
      again(w, every, () =>
        w.log('Pod/shop/frontend-5f7b9-a', 'GET http://cart:7070/cart failed: status 429', 'error'),
      );
      w.at(90);
    },
  },
  {
    id: 'H05',
    expect: { category: ['apiserver.down'], on: ['ControlPlane/kube-apiserver'] },
    play(w) {
      controlPlane(w);
      const pod = operator(w);
      w.health('kubernetes@n1', 'degraded', 'the API server does not answer');
      again(w, every, () =>
        w.evidence(() => {
          for (const caller of [pod, 'Pod/kube-system/coredns-5f7b9-a'])
            w.log(
              caller,
              'Failed to watch *v1.Service: Get "https://10.96.0.1:443/api/v1/services?watch=true": dial tcp 10.96.0.1:443: connect: connection refused',
              'error',
            );
        }),
      );
      w.at(90);
    },
    guard(w) {
      controlPlane(w);
      again(w, every, () =>
        w.log(
          'Pod/shop/frontend-5f7b9-a',
          'cart call failed: dial tcp 10.96.0.22:7070: connect: connection refused',
          'error',
        ),
      );
      w.at(90);
    },
  },
  {
    id: 'H06',
    expect: { category: ['scheduler.down'], on: ['ControlPlane/kube-scheduler'] },
    play(w) {
      w.at(30);
      w.evidence(() => {
        waitingPod(w, 'Deployment/shop/cart');
        waitingPod(w, 'Deployment/shop/frontend');
      });
      w.at(100);
    },
    guard(w) {
      w.at(30);
      // A scheduler of its own, which nobody runs.
      waitingPod(w, 'Deployment/shop/cart', { schedulerName: 'volcano' });
      w.at(100);
    },
  },
  {
    id: 'H07',
    expect: { category: ['controller-manager.down'], on: ['ControlPlane/kube-controller-manager'] },
    play(w) {
      w.at(30);
      w.haltControllers();
      w.evidence(() => {
        w.patch('Deployment/shop/cart', { spec: { replicas: 3 } }, 'kubectl-scale');
        w.patch('StatefulSet/shop/db', { spec: { replicas: 2 } }, 'kubectl-scale');
      });
      w.at(120);
    },
    guard(w) {
      w.at(30);
      w.haltControllers();
      w.patch('Deployment/shop/cart', { spec: { replicas: 3 } }, 'kubectl-scale');
      // Late, and then it is done.
      w.at(55);
      w.patch('Deployment/shop/cart', {
        status: { observedGeneration: 2, replicas: 3, readyReplicas: 3, availableReplicas: 3, updatedReplicas: 3 },
      });
      w.at(120);
    },
  },
  {
    id: 'H08',
    expect: { category: ['cloud-controller.failed'], on: ['ControlPlane/cloud-controller-manager'] },
    play(w) {
      w.at(30);
      w.evidence(() => newNode(w));
      w.at(190);
    },
    guard(w) {
      w.at(30);
      newNode(w);
      w.at(50);
      w.patch('Node/n3', { spec: { taints: null } }, 'cloud-controller-manager');
      w.at(190);
    },
  },
  {
    id: 'H09',
    expect: { category: ['apiservice.unavailable'], on: ['APIService/v1beta1.metrics.k8s.io'] },
    play(w) {
      metricsApi(w);
      autoscaler(w, 'cart', 'cart');
      w.create(object('v1', 'Namespace', null, 'old', { status: { phase: 'Active' } }));
      w.at(30);
      w.evidence(() =>
        w.patch('APIService/v1beta1.metrics.k8s.io', {
          status: {
            conditions: [
              condition(
                'Available',
                false,
                'FailedDiscoveryCheck',
                w.clock(),
                'failing or missing response from https://10.96.0.71:443/apis/metrics.k8s.io/v1beta1: Get "https://10.96.0.71:443/apis/metrics.k8s.io/v1beta1": dial tcp 10.96.0.71:443: i/o timeout',
              ),
            ],
          },
        }),
      );
      blind(
        w,
        'the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server is currently unable to handle the request (get pods.metrics.k8s.io)',
      );
      w.at(40);
      w.patch('Namespace/old', {
        metadata: { deletionTimestamp: w.clock() },
        status: {
          phase: 'Terminating',
          conditions: [
            condition(
              'NamespaceDeletionDiscoveryFailure',
              true,
              'DiscoveryFailed',
              w.clock(),
              'Discovery failed for some groups, 1 failing: unable to retrieve the complete list of server APIs: metrics.k8s.io/v1beta1: the server is currently unable to handle the request',
            ),
          ],
        },
      });
      w.at(200);
    },
    guard(w) {
      metricsApi(w);
      autoscaler(w, 'cart', 'cart');
      w.at(30);
      blind(
        w,
        'the HPA was unable to compute the replica count: failed to get cpu utilization: missing request for cpu in container cart of Pod cart-5f7b9-a',
      );
      w.at(120);
    },
  },
  {
    id: 'H10',
    expect: { category: ['rbac.forbidden'], on: ['RoleBinding/shop/default-reads'] },
    play(w) {
      w.at(10);
      reader(w);
      w.at(60);
      w.evidence(() => w.remove('RoleBinding/shop/default-reads'));
      again(w, [64, 70, 76, 82], () => w.evidence(() => w.log('Pod/shop/catalog-5f7b9-a', forbidden, 'error')));
      w.at(110);
    },
    guard(w) {
      w.at(10);
      reader(w);
      // Another right, that it never had.
      again(w, [64, 70, 76, 82], () => w.log('Pod/shop/catalog-5f7b9-a', forbidden, 'error'));
      w.at(110);
    },
  },
  {
    id: 'H11',
    expect: { category: ['serviceaccount.token-rejected'], on: ['ControlPlane/kube-apiserver'] },
    play(w) {
      controlPlane(w);
      const pod = operator(w);
      again(w, every, () =>
        w.evidence(() => {
          w.log(pod, 'Failed to watch *v1.Pod: failed to list *v1.Pod: Unauthorized', 'error');
          w.log(
            'Pod/kube-system/coredns-5f7b9-a',
            'Failed to watch *v1.Service: failed to list *v1.Service: Unauthorized',
            'error',
          );
        }),
      );
      w.at(90);
    },
    guard(w) {
      controlPlane(w);
      again(w, every, () =>
        w.log('Pod/shop/checkout-5f7b9-a', 'POST http://payment:50051/charge failed: status 401 Unauthorized', 'error'),
      );
      w.at(90);
    },
  },
  {
    id: 'H12',
    expect: { category: ['crd.missing'], on: ['CustomResourceDefinition/widgets.example.com'] },
    play(w) {
      widgets(w);
      w.at(25);
      w.remove('CustomResourceDefinition/widgets.example.com');
      operatorFails(w, 'unable to start manager: no matches for kind "Widget" in version "example.com/v1"');
    },
    guard(w) {
      widgets(w);
      w.at(25);
      operatorFails(
        w,
        'unable to start manager: no matches for kind "PodDisruptionBudget" in version "policy/v1beta1"',
      );
    },
  },
  {
    id: 'H13',
    expect: { category: ['api.version-removed'], on: ['Deployment/kube-system/operator'] },
    play: (w) =>
      operatorFails(
        w,
        'unable to start manager: no matches for kind "PodDisruptionBudget" in version "policy/v1beta1"',
      ),
    guard: (w) =>
      operatorFails(w, 'unable to start manager: no matches for kind "Widget" in version "example.com/v1beta1"'),
  },
  {
    id: 'H14',
    expect: { category: ['node.version-skew'], on: ['Node/n2'] },
    play(w) {
      controlPlane(w);
      w.at(30);
      w.evidence(() => w.patch('Node/n2', { status: { nodeInfo: { kubeletVersion: 'v1.29.8' } } }));
      w.at(70);
    },
    guard(w) {
      controlPlane(w);
      w.at(30);
      // Two behind is allowed.
      w.patch('Node/n2', { status: { nodeInfo: { kubeletVersion: 'v1.31.2' } } });
      w.at(70);
    },
  },
  {
    id: 'H15',
    expect: { category: ['tls.certificate-expired'], on: ['ControlPlane/*'] },
    play(w) {
      const { api } = controlPlane(w);
      const pod = operator(w);
      const expired =
        'tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-24T10:00:30Z is after 2026-11-23T09:11:02Z';
      again(w, every, () =>
        w.evidence(() => {
          w.log(
            api,
            `connection error: desc = "transport: authentication handshake failed: ${expired}" addr="127.0.0.1:2379"`,
            'error',
          );
          w.log(pod, `Failed to list *v1.Pod: Get "https://10.96.0.1:443/api/v1/pods": ${expired}`, 'error');
        }),
      );
      w.at(90);
    },
    guard(w) {
      controlPlane(w);
      again(w, every, () =>
        w.log(
          'Pod/shop/checkout-5f7b9-a',
          'POST https://payment:50051/charge: tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-24T10:00:30Z is after 2026-11-23T09:11:02Z',
          'error',
        ),
      );
      w.at(90);
    },
  },
  {
    id: 'H16',
    expect: { category: ['object.flood'], on: ['Namespace/shop'], says: /session-controller/ },
    play: (w) => secrets(w, 420),
    guard: (w) => secrets(w, 60),
  },
  {
    id: 'H17',
    expect: { category: ['apiserver.priority-starved'], on: ['ControlPlane/kube-apiserver'] },
    play: (w) => rejected(w, 'node-high'),
    guard: (w) => rejected(w, 'workload-low'),
  },
  {
    id: 'H18',
    expect: { category: ['namespace.deleted'], on: ['Namespace/shop'] },
    play(w) {
      const pod = portal(w);
      w.at(30);
      w.evidence(() =>
        w.patch('Namespace/shop', { metadata: { deletionTimestamp: w.clock() }, status: { phase: 'Terminating' } }),
      );
      for (const name of ['frontend', 'cart', 'catalog', 'checkout', 'payment']) {
        for (const each of w.pods(`Deployment/shop/${name}`)) w.remove(each);
        w.remove(`ReplicaSet/shop/${name}-5f7b9`);
        w.remove(`Deployment/shop/${name}`);
        w.at(w.second + 1);
        w.remove(`EndpointSlice/shop/${name}-x7k2p`);
        w.remove(`Service/shop/${name}`);
      }
      for (let second = 40; second <= 124; second += 6) {
        w.at(second);
        if (second === 58) w.remove('Namespace/shop');
        w.log(pod, 'cart call failed: getaddrinfo ENOTFOUND cart.shop', 'error');
        w.log(pod, 'catalog call failed: getaddrinfo ENOTFOUND catalog.shop', 'error');
      }
      w.at(140);
    },
    guard(w) {
      const pod = portal(w);
      w.at(30);
      // One Service, and nothing else.
      w.remove('EndpointSlice/shop/cart-x7k2p');
      w.remove('Service/shop/cart');
      again(w, [40, 46, 52, 58], () => w.log(pod, 'cart call failed: getaddrinfo ENOTFOUND cart.shop', 'error'));
      w.at(90);
    },
  },
  {
    id: 'H19',
    expect: { category: ['static-pod.manifest-invalid'], on: ['Node/n1'] },
    play: (w) =>
      manifest(
        w,
        'E1124 10:00:30.123456    1234 file.go:187] "Could not process manifest file" err="/etc/kubernetes/manifests/kube-scheduler.yaml: couldn\'t parse as pod(yaml: line 14: did not find expected key), please check config file" path="/etc/kubernetes/manifests/kube-scheduler.yaml"',
        'kubelet.service',
      ),
    guard: (w) =>
      manifest(
        w,
        'E1124 10:00:30.123456    1234 kubelet.go:2349] "Skipping pod synchronization" err="container runtime is down"',
        'kubelet.service',
      ),
  },
];
