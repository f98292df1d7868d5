import { condition } from './objects.js';
import type { Scenario } from './scenario.js';
import type { World } from './world.js';

const cart = 'Pod/shop/cart-5f7b9-a';
const other = 'Pod/shop/cart-5f7b9-b';
const deployment = ['Deployment/shop/cart'];
const cartImage = { spec: { containers: [{ name: 'cart', image: 'registry.example.com/shop/cart:1.5.0' }] } };

function crashLoop(w: World, pod: string, from: number, before: () => void, exitCode = 1): void {
  for (const [index, at] of [from, from + 15, from + 45].entries()) {
    w.at(at);
    if (index > 0) {
      w.started(pod);
      w.at(at + 2);
    }
    before();
    w.exit(pod, { exitCode, durationMs: 2_000, pid: 6000 + at });
    w.crashes(pod, { exitCode, ranS: 2 });
  }
}

function waitsFor(w: World, pod: string, reason: string, message: string): void {
  for (const at of [5, 15]) {
    w.at(at);
    w.waiting(pod, reason, message);
    w.event('Failed', pod, `Error: ${message}`);
  }
}

/** Configuration, security context and the limits of containers. */
export const scenarios: readonly Scenario[] = [
  {
    id: 'A28',
    expect: { category: ['config.object-missing'], on: deployment, says: /cart-rates/ },
    play(w) {
      const pod = w.rollout('Deployment/shop/cart', {
        spec: { containers: [{ name: 'cart', envFrom: [{ configMapRef: { name: 'cart-rates' } }] }] },
      });
      w.evidence(() => waitsFor(w, pod, 'CreateContainerConfigError', 'configmap "cart-rates" not found'));
    },
    guard(w) {
      const pod = w.rollout('Deployment/shop/cart', {
        spec: { containers: [{ name: 'cart', envFrom: [{ configMapRef: { name: 'app-config', optional: true } }] }] },
      });
      w.at(10);
      w.comesUp(pod);
    },
  },
  {
    id: 'A29',
    expect: { category: ['config.key-missing'], on: deployment, says: /CURRENCY/ },
    play(w) {
      w.patch('ConfigMap/shop/app-config', { data: { CURRENCY: null } });
      const pod = w.rollout('Deployment/shop/cart', {
        spec: {
          containers: [
            {
              name: 'cart',
              env: [{ name: 'CURRENCY', valueFrom: { configMapKeyRef: { name: 'app-config', key: 'CURRENCY' } } }],
            },
          ],
        },
      });
      w.evidence(() =>
        waitsFor(w, pod, 'CreateContainerConfigError', "couldn't find key CURRENCY in ConfigMap shop/app-config"),
      );
    },
    guard(w) {
      const pod = w.rollout('Deployment/shop/cart', {
        spec: { containers: [{ name: 'cart', envFrom: [{ configMapRef: { name: 'cart-rates' } }] }] },
      });
      waitsFor(w, pod, 'CreateContainerConfigError', 'configmap "cart-rates" not found');
    },
  },
  {
    id: 'A30',
    expect: { category: ['change.bad-config'], on: ['ConfigMap/shop/app-config'] },
    play(w) {
      w.at(10);
      w.evidence(() => w.patch('ConfigMap/shop/app-config', { data: { LOG_LEVEL: 'verbos' } }));
      w.at(60);
      crashLoop(w, cart, 70, () => w.log(cart, "configuration error: LOG_LEVEL: unknown level 'verbos'", 'error'));
    },
    guard(w) {
      // It crashes the same way, and nobody has touched what it reads.
      w.at(10);
      w.create({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'banner', namespace: 'shop', uid: 'uid-banner' },
        data: { text: 'Sale' },
      });
      crashLoop(w, cart, 70, () => w.log(cart, 'unknown record in journal', 'error'));
    },
  },
  {
    id: 'A31',
    expect: { category: ['change.bad-config'], on: ['Secret/shop/db-credentials'] },
    play(w) {
      w.at(10);
      w.evidence(() => w.patch('Secret/shop/db-credentials', { data: { password: 'redacted (25 bytes)' } }));
      for (const at of [20, 22, 24, 30, 40]) {
        w.at(at);
        for (const pod of ['Pod/shop/catalog-5f7b9-a', 'Pod/shop/catalog-5f7b9-b'])
          w.log(pod, 'FATAL: password authentication failed for user "catalog" (db:5432)', 'error');
        w.log('Pod/shop/frontend-5f7b9-a', 'GET http://catalog:3550/items failed with status 500', 'error');
      }
    },
    guard(w) {
      // The same refusals, with nothing rotated.
      for (const at of [20, 22, 24, 30, 40]) {
        w.at(at);
        w.log(
          'Pod/shop/catalog-5f7b9-a',
          'FATAL: password authentication failed for user "catalog" (db:5432)',
          'error',
        );
      }
    },
  },
  {
    id: 'A32',
    expect: { category: ['container.run-as-non-root'], on: deployment },
    play(w) {
      const pod = w.rollout('Deployment/shop/cart', { spec: { securityContext: { runAsNonRoot: true } } });
      w.evidence(() =>
        waitsFor(
          w,
          pod,
          'CreateContainerConfigError',
          `container has runAsNonRoot and image will run as root (pod: "cart-6d8c1-e_shop(${w.get(pod).metadata.uid ?? ''})", container: cart)`,
        ),
      );
    },
    guard(w) {
      const pod = w.rollout('Deployment/shop/cart', {
        spec: { securityContext: { runAsNonRoot: true, runAsUser: 1000 } },
      });
      w.at(10);
      w.comesUp(pod);
    },
  },
  {
    id: 'A33',
    expect: { category: ['volume.permission-denied', 'volume.read-only'], on: deployment, says: /\/var\/cache\/cart/ },
    play(w) {
      crashLoop(w, cart, 30, () =>
        w.evidence(() => w.log(cart, "Error: EACCES: permission denied, mkdir '/var/cache/cart'", 'error')),
      );
    },
    guard(w) {
      crashLoop(w, cart, 30, () =>
        w.log(cart, "Error: ENOENT: no such file or directory, open '/var/cache/cart/index'", 'error'),
      );
    },
  },
  {
    id: 'A34',
    expect: { category: ['app.permission-missing'], on: deployment },
    play(w) {
      crashLoop(w, cart, 30, () =>
        w.evidence(() => w.log(cart, 'setsockopt(SO_MARK): Operation not permitted', 'error')),
      );
    },
    guard(w) {
      crashLoop(w, cart, 30, () => w.log(cart, 'listen tcp 0.0.0.0:7070: bind: address already in use', 'error'));
    },
  },
  {
    id: 'A35',
    expect: { category: ['container.cpu-throttled'], on: deployment },
    play(w) {
      for (let at = 10; at <= 90; at += 10) {
        w.at(at);
        w.evidence(() => {
          for (const pod of [cart, other])
            w.metrics(pod, { 'container.cpu.cfs.throttled.ratio': 0.71, 'k8s.container.cpu_limit_utilization': 0.99 });
        });
        if (at >= 30)
          w.event(
            'Unhealthy',
            cart,
            'Readiness probe failed: Get "http://10.244.1.13:7070/healthz": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
            { count: at / 10 - 2 },
          );
        if (at === 50) w.notReady(cart);
        if (at >= 40)
          w.log(
            'Pod/shop/frontend-5f7b9-a',
            'cart call failed: timeout of 1000ms exceeded, http://cart:7070/cart',
            'error',
          );
      }
    },
    guard(w) {
      // A few percent of periods are throttled in every healthy service.
      for (let at = 10; at <= 90; at += 10) {
        w.at(at);
        w.metrics(cart, { 'container.cpu.cfs.throttled.ratio': 0.04, 'k8s.container.cpu_limit_utilization': 0.5 });
      }
      w.log(
        'Pod/shop/frontend-5f7b9-a',
        'cart call failed: timeout of 1000ms exceeded, http://cart:7070/cart',
        'error',
      );
    },
  },
  {
    id: 'A36',
    expect: { category: ['app.file-descriptors-exhausted'], on: deployment },
    play(w) {
      for (let at = 30; at <= 60; at += 3) {
        w.at(at);
        w.evidence(() => w.log(cart, 'accept tcp [::]:7070: accept4: too many open files', 'error'));
        w.log(
          'Pod/shop/frontend-5f7b9-a',
          'cart call failed: timeout of 1000ms exceeded, http://cart:7070/cart',
          'error',
        );
      }
    },
    guard(w) {
      for (let at = 30; at <= 60; at += 3) {
        w.at(at);
        w.log(
          'Pod/shop/frontend-5f7b9-a',
          'cart call failed: timeout of 1000ms exceeded, http://cart:7070/cart',
          'error',
        );
      }
    },
  },
  {
    id: 'A37',
    expect: { category: ['app.process-limit'], on: deployment },
    play(w) {
      for (let at = 30; at <= 60; at += 3) {
        w.at(at);
        w.evidence(() => {
          w.log(
            cart,
            'java.lang.OutOfMemoryError: unable to create native thread: possibly out of memory or process/resource limits reached',
            'error',
          );
          if (at === 30)
            w.entry(
              'n1',
              'cgroup: fork rejected by pids controller in /kubepods.slice/kubepods-burstable.slice/kubepods-burstable-poduid.slice',
            );
        });
      }
      w.event(
        'Unhealthy',
        cart,
        'Readiness probe failed: Get "http://10.244.1.13:7070/healthz": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
        { count: 3 },
      );
      w.notReady(cart);
    },
    guard(w) {
      for (let at = 30; at <= 60; at += 3) {
        w.at(at);
        w.log(cart, 'java.lang.OutOfMemoryError: Java heap space', 'error');
      }
    },
  },
  {
    id: 'A38',
    expect: { category: ['pod.ephemeral-storage-exceeded'], on: deployment },
    play(w) {
      w.at(30);
      w.evidence(() =>
        evicted(w, cart, 'Pod ephemeral local storage usage exceeds the total limit of containers 1Gi. '),
      );
    },
    guard(w) {
      w.at(30);
      evicted(
        w,
        cart,
        'The node was low on resource: memory. Threshold quantity: 100Mi, available: 61Mi. Container cart was using 180Mi, request is 128Mi, has larger consumption of memory. ',
      );
    },
  },
  {
    id: 'A39',
    expect: { category: ['pod.ephemeral-storage-exceeded'], on: deployment, says: /[Ee]mptyDir.*scratch/ },
    play(w) {
      w.at(30);
      w.evidence(() => evicted(w, cart, 'Usage of EmptyDir volume "scratch" exceeds the limit "500Mi". '));
    },
    guard(w) {
      w.at(30);
      evicted(w, cart, 'Container cart exceeded its local ephemeral storage limit "1Gi". ');
    },
  },
  {
    id: 'A40',
    expect: { category: ['pod.resize-infeasible'], on: deployment },
    play(w) {
      w.at(30);
      w.patch(cart, { spec: { containers: [{ name: 'cart', resources: { requests: { cpu: '6' } } }] } }, 'vpa-updater');
      w.evidence(() => {
        w.patch(cart, {
          status: {
            conditions: [
              condition(
                'PodResizePending',
                true,
                'Infeasible',
                w.clock(),
                "Node didn't have enough capacity: cpu, requested: 6000, capacity: 3920",
              ),
            ],
          },
        });
        w.event(
          'ResizeInfeasible',
          cart,
          "Pod resize Infeasible: node didn't have enough capacity: cpu, requested: 6000, capacity: 3920",
        );
      });
    },
    guard(w) {
      w.at(30);
      w.patch(
        cart,
        { spec: { containers: [{ name: 'cart', resources: { requests: { cpu: '200m' } } }] } },
        'vpa-updater',
      );
      w.patch(cart, { status: { conditions: [condition('PodResizeInProgress', true, '', w.clock())] } });
      w.at(35);
      w.patch(cart, { status: { conditions: [condition('PodResizeInProgress', false, '', w.clock())] } });
    },
  },
  {
    id: 'A41',
    expect: { category: ['pod.device-unavailable'], on: deployment },
    play(w) {
      const pod = w.rollout('Deployment/shop/cart', {
        spec: { containers: [{ name: 'cart', resources: { limits: { 'nvidia.com/gpu': '1' } } }] },
      });
      w.at(5);
      w.evidence(() => {
        rejected(
          w,
          pod,
          'UnexpectedAdmissionError',
          'Pod was rejected: Allocate failed due to no healthy devices present; cannot allocate unhealthy devices nvidia.com/gpu, which is unexpected',
        );
        w.entry('n1', 'NVRM: Xid (PCI:0000:3b:00): 79, pid=1543, GPU has fallen off the bus.');
      });
    },
    guard(w) {
      const pod = w.rollout('Deployment/shop/cart', {
        spec: { containers: [{ name: 'cart', resources: { limits: { cpu: '3' } } }] },
      });
      w.at(5);
      rejected(
        w,
        pod,
        'OutOfcpu',
        "Pod was rejected: Node didn't have enough resource: cpu, requested: 3000, used: 1100, capacity: 3920",
      );
    },
  },
  {
    id: 'A42',
    expect: { category: ['pod.rejected-by-node'], on: deployment, says: /cpu/ },
    play(w) {
      const pod = w.rollout('Deployment/shop/cart', {
        spec: { containers: [{ name: 'cart', resources: { requests: { cpu: '3' } } }] },
      });
      w.at(5);
      w.evidence(() =>
        rejected(
          w,
          pod,
          'OutOfcpu',
          "Pod was rejected: Node didn't have enough resource: cpu, requested: 3000, used: 1100, capacity: 3920",
        ),
      );
    },
    guard(w) {
      const pod = w.rollout('Deployment/shop/cart', cartImage);
      w.at(5);
      w.started(pod);
      crashLoop(w, pod, 20, () => w.log(pod, 'unknown record in journal', 'error'));
    },
  },
  {
    id: 'A43',
    expect: { category: ['container.create-timeout', 'node.runtime-down'], on: ['Deployment/shop/cart', 'Node/n1'] },
    play(w) {
      const pod = w.rollout('Deployment/shop/cart', cartImage);
      for (const at of [130, 260]) {
        w.at(at);
        w.evidence(() => {
          w.waiting(pod, 'CreateContainerError', 'context deadline exceeded');
          w.event('Failed', pod, 'Error: context deadline exceeded');
          w.waiting(
            pod,
            'CreateContainerError',
            `failed to reserve container name "cart_cart-6d8c1-e_shop_${w.get(pod).metadata.uid ?? ''}_0": name "cart_cart-6d8c1-e_shop_0" is reserved for "4f1c2a"`,
          );
          w.event(
            'Failed',
            pod,
            `Error: failed to reserve container name "cart_cart-6d8c1-e_shop_0": name "cart_cart-6d8c1-e_shop_0" is reserved for "4f1c2a"`,
          );
        });
      }
    },
    guard(w) {
      const pod = w.rollout('Deployment/shop/cart', cartImage);
      w.at(10);
      w.waiting(
        pod,
        'CreateContainerError',
        'failed to generate container "4f1c2a" spec: failed to generate spec: path "/data" is mounted on "/" but it is not a shared mount',
      );
    },
  },
];

function evicted(w: World, pod: string, message: string): void {
  w.patch(pod, {
    status: {
      phase: 'Failed',
      reason: 'Evicted',
      message,
      conditions: [
        condition('DisruptionTarget', true, 'TerminationByKubelet', w.clock(), message),
        condition('Ready', false, 'PodFailed', w.clock()),
      ],
      containerStatuses: [
        {
          name: 'cart',
          ready: false,
          state: {
            running: null,
            terminated: { exitCode: 137, reason: 'Error', startedAt: w.clock(80_000), finishedAt: w.clock() },
          },
        },
      ],
    },
  });
  w.event('Evicted', pod, message);
}

function rejected(w: World, pod: string, reason: string, message: string): void {
  w.patch(pod, {
    status: {
      phase: 'Failed',
      reason,
      message,
      containerStatuses: null,
      conditions: [condition('Ready', false, 'PodFailed', w.clock())],
    },
  });
  w.event(reason, pod, message.replace('Pod was rejected: ', ''));
}
