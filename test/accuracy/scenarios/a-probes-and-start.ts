import { condition } from './objects.js';
import type { Scenario } from './scenario.js';
import type { World } from './world.js';

const cart = 'Pod/shop/cart-5f7b9-a';
const other = 'Pod/shop/cart-5f7b9-b';
const deployment = ['Deployment/shop/cart'];
const timedOut = (address: string): string =>
  `Get "http://${address}/healthz": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`;

/** Three failed liveness probes and what the kubelet does then. */
function livenessKill(w: World, pod: string, at: number, error: string): void {
  for (const [index, second] of [at, at + 10, at + 20].entries()) {
    w.at(second);
    w.event('Unhealthy', pod, `Liveness probe failed: ${error}`, { count: index + 1 });
  }
  w.event('Killing', pod, 'Container cart failed liveness probe, will be restarted', { type: 'Normal' });
  w.at(at + 22);
  w.exit(pod, { exitCode: 143, durationMs: 600_000 });
  w.restarts(pod, { exitCode: 143, ranS: 600 });
}

/** Probes, hooks, init containers and sidecars. */
export const scenarios: readonly Scenario[] = [
  {
    id: 'A17',
    expect: { category: ['probe.liveness-failed'], on: deployment, says: /time/ },
    play(w) {
      w.evidence(() => livenessKill(w, cart, 30, timedOut('10.244.1.13:7070')));
      w.at(70);
      w.ready(cart);
      w.evidence(() => livenessKill(w, cart, 90, timedOut('10.244.1.13:7070')));
    },
    guard(w) {
      // One probe missed, and nobody was restarted.
      w.at(30);
      w.event('Unhealthy', cart, `Readiness probe failed: ${timedOut('10.244.1.13:7070')}`);
    },
  },
  {
    id: 'A18',
    expect: { category: ['app.overloaded', 'container.cpu-throttled'], on: deployment },
    play(w) {
      for (const at of [10, 20, 30, 40]) {
        w.at(at);
        w.evidence(() => {
          for (const pod of [cart, other])
            w.metrics(pod, { 'container.cpu.cfs.throttled.ratio': 0.82, 'k8s.container.cpu_limit_utilization': 1 });
        });
      }
      w.evidence(() =>
        w.event(
          'SuccessfulRescale',
          'HorizontalPodAutoscaler/shop/cart',
          'New size: 4; reason: cpu resource utilization (percentage of request) above target',
          { type: 'Normal', component: 'horizontal-pod-autoscaler' },
        ),
      );
      livenessKill(w, cart, 45, timedOut('10.244.1.13:7070'));
      livenessKill(w, other, 70, timedOut('10.244.2.14:7070'));
      w.at(95);
      w.log('Pod/shop/frontend-5f7b9-a', 'cart call failed: connect ECONNREFUSED 10.96.0.22:7070', 'error');
    },
    guard(w) {
      // The same restarts without any sign of load.
      livenessKill(w, cart, 45, timedOut('10.244.1.13:7070'));
      livenessKill(w, other, 70, timedOut('10.244.2.14:7070'));
    },
  },
  {
    id: 'A19',
    expect: { category: ['volume.full'], on: ['StatefulSet/shop/db', 'PersistentVolumeClaim/shop/data-db-0'] },
    play(w) {
      w.at(30);
      w.evidence(() =>
        w.log(
          'Pod/shop/db-0',
          'PANIC:  could not write to file "pg_wal/xlogtemp.31": No space left on device',
          'error',
        ),
      );
      w.exit('Pod/shop/db-0', { exitCode: 1, comm: 'postgres' });
      w.crashes('Pod/shop/db-0', { exitCode: 1, ranS: 86_000 });
      for (const pod of ['Pod/shop/catalog-5f7b9-a', 'Pod/shop/catalog-5f7b9-b'])
        w.log(pod, 'could not connect to server: connect ECONNREFUSED 10.96.0.27:5432', 'error');
      for (const pod of ['Pod/shop/catalog-5f7b9-a', 'Pod/shop/catalog-5f7b9-b']) {
        for (const count of [1, 2, 3]) {
          w.at(w.second + 5);
          w.event('Unhealthy', pod, 'Liveness probe failed: HTTP probe failed with statuscode: 503', { count });
        }
        w.event('Killing', pod, 'Container catalog failed liveness probe, will be restarted', { type: 'Normal' });
        w.at(w.second + 2);
        w.exit(pod, { exitCode: 143 });
        w.restarts(pod, { exitCode: 143, ranS: 86_000 });
      }
    },
    guard(w) {
      // The database is well: the health endpoint fails for another reason.
      for (const pod of ['Pod/shop/catalog-5f7b9-a', 'Pod/shop/catalog-5f7b9-b']) {
        for (const count of [1, 2, 3]) {
          w.at(w.second + 5);
          w.event('Unhealthy', pod, 'Liveness probe failed: HTTP probe failed with statuscode: 503', { count });
        }
        w.event('Killing', pod, 'Container catalog failed liveness probe, will be restarted', { type: 'Normal' });
        w.at(w.second + 2);
        w.exit(pod, { exitCode: 143 });
        w.restarts(pod, { exitCode: 143, ranS: 86_000 });
      }
    },
  },
  {
    id: 'A20',
    expect: { category: ['probe.startup-failed'], on: deployment },
    play(w) {
      const pod = w.rollout('Deployment/shop/cart', {
        metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': '2026-11-24T10:00:01Z' } },
        spec: {
          containers: [
            {
              name: 'cart',
              startupProbe: { httpGet: { path: '/healthz', port: 7070 }, periodSeconds: 5, failureThreshold: 3 },
            },
          ],
        },
      });
      w.at(5);
      w.started(pod);
      for (const at of [10, 50]) {
        w.evidence(() => {
          for (const [index, second] of [at, at + 5, at + 10].entries()) {
            w.at(second);
            w.event(
              'Unhealthy',
              pod,
              'Startup probe failed: Get "http://10.244.1.114:7070/healthz": dial tcp 10.244.1.114:7070: connect: connection refused',
              { count: index + 1 },
            );
          }
          w.event('Killing', pod, 'Container cart failed startup probe, will be restarted', { type: 'Normal' });
        });
        w.at(at + 12);
        w.exit(pod, { exitCode: 143, durationMs: 17_000 });
        w.restarts(pod, { exitCode: 143, ranS: 17 });
      }
    },
    guard(w) {
      // It needs a few tries, and comes up within its budget.
      const pod = w.rollout('Deployment/shop/cart', {
        spec: {
          containers: [
            {
              name: 'cart',
              startupProbe: { httpGet: { path: '/healthz', port: 7070 }, periodSeconds: 5, failureThreshold: 12 },
            },
          ],
        },
      });
      w.at(5);
      w.started(pod);
      for (const [index, second] of [10, 15].entries()) {
        w.at(second);
        w.event(
          'Unhealthy',
          pod,
          'Startup probe failed: Get "http://10.244.1.114:7070/healthz": dial tcp 10.244.1.114:7070: connect: connection refused',
          { count: index + 1 },
        );
      }
      w.at(20);
      w.comesUp(pod);
    },
  },
  {
    id: 'A21',
    expect: { category: ['probe.readiness-failed'], on: deployment, says: /503/ },
    play(w) {
      w.at(30);
      w.evidence(() => {
        for (const pod of [cart, other])
          for (const count of [1, 2, 3])
            w.event('Unhealthy', pod, 'Readiness probe failed: HTTP probe failed with statuscode: 503', { count });
      });
      w.notReady(cart);
      w.notReady(other);
      w.at(35);
      w.log('Pod/shop/frontend-5f7b9-a', 'cart call failed: connect ECONNREFUSED 10.96.0.22:7070', 'error');
    },
    guard(w) {
      // A probe that failed once, and the pod stayed ready.
      w.at(30);
      w.event('Unhealthy', cart, 'Readiness probe failed: HTTP probe failed with statuscode: 503');
    },
  },
  {
    id: 'A22',
    expect: { category: ['pod.readiness-flapping'], on: deployment },
    play(w) {
      w.evidence(() => {
        for (const at of [30, 200, 380, 560, 740]) {
          w.at(at);
          w.event('Unhealthy', cart, `Readiness probe failed: ${timedOut('10.244.1.13:7070')}`, { count: 1 });
          w.notReady(cart);
          w.at(at + 8);
          w.ready(cart);
        }
      });
    },
    guard(w) {
      w.at(30);
      w.notReady(cart);
      w.at(50);
      w.ready(cart);
    },
  },
  {
    id: 'A23',
    expect: {
      category: ['probe.readiness-failed', 'probe.liveness-failed'],
      on: deployment,
      says: /7071.*7070|7070.*7071/,
    },
    play(w) {
      const pod = w.rollout('Deployment/shop/cart', {
        spec: { containers: [{ name: 'cart', readinessProbe: { httpGet: { path: '/healthz', port: 7071 } } }] },
      });
      w.at(5);
      w.started(pod);
      w.evidence(() => {
        for (let count = 1; count <= 8; count++) {
          w.at(5 + 10 * count);
          w.event(
            'Unhealthy',
            pod,
            'Readiness probe failed: Get "http://10.244.1.114:7071/healthz": dial tcp 10.244.1.114:7071: connect: connection refused',
            { count },
          );
        }
      });
    },
    guard(w) {
      // The probe asks where the program should listen, and it does not.
      const pod = w.rollout('Deployment/shop/cart', {
        spec: { containers: [{ name: 'cart', image: 'registry.example.com/shop/cart:1.5.0' }] },
      });
      w.at(5);
      w.started(pod);
      for (let count = 1; count <= 8; count++) {
        w.at(5 + 10 * count);
        w.event(
          'Unhealthy',
          pod,
          'Readiness probe failed: Get "http://10.244.1.114:7070/healthz": dial tcp 10.244.1.114:7070: connect: connection refused',
          { count },
        );
      }
    },
  },
  {
    id: 'A24',
    expect: { category: ['container.lifecycle-hook-failed'], on: deployment },
    play(w) {
      const pod = w.rollout('Deployment/shop/cart', {
        spec: { containers: [{ name: 'cart', lifecycle: { postStart: { exec: { command: ['/bin/warm-up'] } } } }] },
      });
      for (const at of [10, 30]) {
        w.at(at);
        w.started(pod);
        w.evidence(() => {
          w.event('FailedPostStartHook', pod, 'PostStartHook failed');
          w.event('Killing', pod, 'FailedPostStartHook', { type: 'Normal' });
        });
        w.exit(pod, { exitCode: 143, durationMs: 400 });
        w.crashes(pod, { exitCode: 143, ranS: 0 });
      }
    },
    guard(w) {
      const pod = w.rollout('Deployment/shop/cart', {
        spec: { containers: [{ name: 'cart', image: 'registry.example.com/shop/cart:1.5.0' }] },
      });
      for (const at of [10, 30]) {
        w.at(at);
        w.started(pod);
        w.exit(pod, { exitCode: 3, durationMs: 400 });
        w.crashes(pod, { exitCode: 3, ranS: 0 });
      }
    },
  },
  {
    id: 'A25',
    expect: {
      category: ['container.init-failed', 'container.crash-loop', 'log.exception', 'log.error'],
      on: deployment,
      says: /migrat/,
    },
    play(w) {
      const pod = w.rollout('Deployment/shop/cart', {
        spec: { initContainers: [{ name: 'migrate', image: 'registry.example.com/shop/migrate:2' }] },
      });
      for (const [index, at] of [10, 25, 50].entries()) {
        w.at(at);
        w.evidence(() =>
          w.log(pod, 'Error: migration 0042_add_currency is not reversible', 'error', { container: 'migrate' }),
        );
        if (index === 0)
          w.patch(pod, {
            status: {
              initContainerStatuses: [
                { name: 'migrate', ready: false, restartCount: 0, containerID: 'containerd://a1', state: {} },
              ],
            },
          });
        w.evidence(() => w.crashes(pod, { exitCode: 1, ranS: 1, container: 'migrate', init: true }));
        w.patch(pod, {
          status: { containerStatuses: [{ name: 'cart', state: { waiting: { reason: 'PodInitializing' } } }] },
        });
      }
    },
    guard(w) {
      const pod = w.rollout('Deployment/shop/cart', {
        spec: { initContainers: [{ name: 'migrate', image: 'registry.example.com/shop/migrate:2' }] },
      });
      w.at(10);
      w.patch(pod, {
        status: {
          initContainerStatuses: [
            {
              name: 'migrate',
              ready: false,
              restartCount: 0,
              containerID: 'containerd://a1',
              state: { running: { startedAt: w.clock() } },
            },
          ],
        },
      });
      w.at(20);
      w.patch(pod, {
        status: {
          initContainerStatuses: [
            {
              name: 'migrate',
              ready: true,
              state: {
                running: null,
                terminated: { exitCode: 0, reason: 'Completed', startedAt: w.clock(10), finishedAt: w.clock() },
              },
            },
          ],
        },
      });
      w.at(25);
      w.comesUp(pod);
    },
  },
  {
    id: 'A26',
    expect: { category: ['container.init-hanging', 'dns.failed'], on: deployment, says: /ledger/ },
    play(w) {
      const pod = w.rollout('Deployment/shop/cart', {
        spec: { initContainers: [{ name: 'wait-for-ledger', image: 'docker.io/library/busybox:1.36' }] },
      });
      w.at(10);
      w.evidence(() =>
        w.patch(pod, {
          status: {
            conditions: [
              condition(
                'Initialized',
                false,
                'ContainersNotInitialized',
                w.clock(),
                'containers with incomplete status: [wait-for-ledger]',
              ),
            ],
            initContainerStatuses: [
              {
                name: 'wait-for-ledger',
                ready: false,
                restartCount: 0,
                containerID: 'containerd://a1',
                state: { running: { startedAt: w.clock() } },
              },
            ],
            containerStatuses: [{ name: 'cart', state: { waiting: { reason: 'PodInitializing' } } }],
          },
        }),
      );
      for (let at = 12; at < 500; at += 30) {
        w.at(at);
        w.evidence(() =>
          w.log(pod, "** server can't find ledger.shop.svc.cluster.local: NXDOMAIN", null, {
            container: 'wait-for-ledger',
          }),
        );
      }
      w.at(600);
      w.log(pod, 'waiting for ledger', null, { container: 'wait-for-ledger' });
    },
    guard(w) {
      const pod = w.rollout('Deployment/shop/cart', {
        spec: { initContainers: [{ name: 'wait-for-ledger', image: 'docker.io/library/busybox:1.36' }] },
      });
      w.at(10);
      w.patch(pod, {
        status: {
          initContainerStatuses: [
            {
              name: 'wait-for-ledger',
              ready: false,
              restartCount: 0,
              containerID: 'containerd://a1',
              state: { running: { startedAt: w.clock() } },
            },
          ],
        },
      });
      w.at(40);
      w.patch(pod, {
        status: {
          initContainerStatuses: [
            {
              name: 'wait-for-ledger',
              ready: true,
              state: {
                running: null,
                terminated: { exitCode: 0, reason: 'Completed', startedAt: w.clock(30), finishedAt: w.clock() },
              },
            },
          ],
        },
      });
      w.at(45);
      w.comesUp(pod);
    },
  },
  {
    id: 'A27',
    expect: { category: ['container.crash-loop', 'log.error', 'log.fatal'], on: deployment, says: /istio-proxy/ },
    play(w) {
      const pod = w.rollout('Deployment/shop/cart', {
        spec: { containers: [{ name: 'istio-proxy', image: 'docker.io/istio/proxyv2:1.24.1' }] },
      });
      w.at(5);
      w.started(pod, 'cart');
      for (const at of [10, 30, 60]) {
        w.at(at);
        w.started(pod, 'istio-proxy');
        w.evidence(() => {
          w.log(
            pod,
            'error\tfailed to start proxy: failed to read trust domain from mesh config: invalid value',
            'error',
            { container: 'istio-proxy' },
          );
          w.exit(pod, { exitCode: 255, container: 'istio-proxy', comm: 'pilot-agent', durationMs: 900 });
          w.crashes(pod, { exitCode: 255, ranS: 1, container: 'istio-proxy' });
        });
      }
    },
    guard(w) {
      const pod = w.rollout('Deployment/shop/cart', {
        spec: { containers: [{ name: 'istio-proxy', image: 'docker.io/istio/proxyv2:1.24.1' }] },
      });
      w.at(5);
      w.started(pod, 'istio-proxy');
      for (const at of [10, 30, 60]) {
        w.at(at);
        w.started(pod, 'cart');
        w.log(pod, 'cart: cannot bind the listener twice', 'error', { container: 'cart' });
        w.exit(pod, { exitCode: 255, container: 'cart', durationMs: 900 });
        w.crashes(pod, { exitCode: 255, ranS: 1, container: 'cart' });
      }
    },
  },
];
