import { condition, containerId, object, podOf } from './objects.js';
import { merged } from './merge.js';
import type { Scenario } from './scenario.js';
import type { World } from './world.js';

const cart = 'Pod/shop/cart-5f7b9-a';
const other = 'Pod/shop/cart-5f7b9-b';
const set = 'ReplicaSet/shop/cart-5f7b9';

/** As a controller lets a pod go: SIGTERM, exit 143, gone. */
function goes(w: World, pod: string): void {
  w.patch(pod, { metadata: { deletionTimestamp: w.clock(-30), deletionGracePeriodSeconds: 30 } });
  w.event('Killing', pod, 'Stopping container cart', { type: 'Normal' });
  w.at(w.second + 2);
  w.exit(pod, { exitCode: 143, durationMs: 86_000_000 });
  w.ended(pod, { exitCode: 143, ranS: 86_000 });
  w.remove(pod);
}

function rollingUpdate(w: World): void {
  w.at(10);
  const image = { spec: { containers: [{ name: 'cart', image: 'registry.example.com/shop/cart:1.5.0' }] } };
  const first = w.rollout('Deployment/shop/cart', image);
  w.at(22);
  w.comesUp(first);
  w.event('Killing', other, 'Stopping container cart', { type: 'Normal' });
  goes(w, other);
  const second = w.addPod(`ReplicaSet/shop/${first.split('/')[2]!.split('-').slice(0, 2).join('-')}`, 'n2');
  w.log('Pod/shop/frontend-5f7b9-a', 'cart call failed: read ECONNRESET 10.96.0.22:7070', 'error');
  w.at(40);
  w.comesUp(second);
  goes(w, cart);
  w.patch('Deployment/shop/cart', {
    status: { updatedReplicas: 2, conditions: [condition('Progressing', true, 'NewReplicaSetAvailable', w.clock())] },
  });
  w.at(90);
  w.log('Pod/shop/frontend-5f7b9-a', 'GET /cart 200', 'info');
}

function evict(w: World, pod: string): void {
  w.patch(pod, {
    status: {
      conditions: [condition('DisruptionTarget', true, 'EvictionByEvictionAPI', w.clock(), 'Eviction API: evicting')],
    },
  });
  goes(w, pod);
}

function job(w: World, exitCode: number): void {
  w.at(10);
  const made = object('batch/v1', 'Job', 'shop', 'invoice', {
    spec: {
      backoffLimit: 0,
      ttlSecondsAfterFinished: 30,
      template: {
        metadata: { labels: { 'job-name': 'invoice' } },
        spec: {
          restartPolicy: 'Never',
          containers: [{ name: 'invoice', image: 'registry.example.com/shop/invoice:3' }],
        },
      },
    },
    status: { active: 1, startTime: w.clock() },
  });
  w.create(made, 'kubectl-create');
  const pod = w.create(
    merged(podOf(made, { name: 'invoice-x2x4k', node: 'n1', ip: '10.244.1.77', at: w.clock() }), {
      spec: { restartPolicy: 'Never' },
    }),
    'kube-controller-manager',
  );
  w.at(40);
  w.exit(pod, { exitCode, durationMs: 29_000, comm: 'python' });
  w.patch(pod, {
    status: {
      phase: exitCode === 0 ? 'Succeeded' : 'Failed',
      conditions: [condition('Ready', false, exitCode === 0 ? 'PodCompleted' : 'PodFailed', w.clock())],
      containerStatuses: [
        {
          name: 'invoice',
          ready: false,
          state: {
            running: null,
            terminated: {
              exitCode,
              reason: exitCode === 0 ? 'Completed' : 'Error',
              startedAt: w.clock(30),
              finishedAt: w.clock(),
            },
          },
        },
      ],
    },
  });
  w.patch('Job/shop/invoice', {
    status: {
      active: 0,
      ...(exitCode === 0 ? { succeeded: 1 } : { failed: 1 }),
      conditions: [
        exitCode === 0
          ? condition('Complete', true, 'CompletionsReached', w.clock())
          : condition('Failed', true, 'BackoffLimitExceeded', w.clock(), 'Job has reached the specified backoff limit'),
      ],
    },
  });
  w.at(72);
  w.remove(pod);
  w.remove('Job/shop/invoice');
}

function lossOfNode(w: World): string[] {
  const gone: string[] = [];
  for (const name of ['cart', 'catalog', 'frontend', 'checkout', 'payment']) {
    const pod = `Pod/shop/${name}-5f7b9-b`;
    w.patch(pod, {
      metadata: { deletionTimestamp: w.clock(-30), deletionGracePeriodSeconds: 30 },
      status: {
        conditions: [
          condition(
            'DisruptionTarget',
            true,
            'TerminationByKubelet',
            w.clock(),
            'Pod was terminated in response to imminent node shutdown.',
          ),
        ],
      },
    });
    gone.push(pod);
  }
  return gone;
}

const oomByAll = (w: World): void => {
  w.at(30);
  w.oomVictim(cart);
  w.entry(
    'n1',
    `oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=cri.scope,mems_allowed=0,oom_memcg=/kubepods/burstable/pod${w.get(cart).metadata.uid ?? ''},task_memcg=/kubelet.slice/kubelet-kubepods.slice/cri-containerd-${containerId('cart-5f7b9-a', 'cart', 0).replace('containerd://', '')}.scope,task=node,pid=4242,uid=1000`,
    { priority: 6 },
  );
  w.entry(
    'n1',
    'Memory cgroup out of memory: Killed process 4242 (node) total-vm:1310096kB, anon-rss:261120kB, file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:700kB oom_score_adj:968',
    { priority: 3 },
  );
  w.exit(cart, { signal: 9 });
  w.crashes(cart, { exitCode: 137, reason: 'OOMKilled' });
  w.event(
    'OOMKilling',
    'Node/n1',
    'Memory cgroup out of memory: Killed process 4242 (node) total-vm:1310096kB, anon-rss:261120kB, file-rss:0kB',
    { component: 'kernel-monitor' },
  );
};

/** What is planned, by design, or over before it matters: nothing may be told. Each near miss is the same, gone wrong. */
export const scenarios: readonly Scenario[] = [
  {
    id: 'K01',
    expect: 'silent',
    play: rollingUpdate,
    guard(w) {
      w.at(10);
      const pod = w.rollout('Deployment/shop/cart', {
        spec: { containers: [{ name: 'cart', image: 'registry.example.com/shop/cart:1.5.0' }] },
      });
      for (const at of [22, 40, 70]) {
        w.at(at);
        w.started(pod);
        w.exit(pod, { exitCode: 1, durationMs: 500, pid: 5000 + at });
        w.crashes(pod, { exitCode: 1, ranS: 0 });
      }
    },
  },
  { id: 'K02', expect: 'silent', play: (w) => job(w, 0), guard: (w) => job(w, 1) },
  {
    id: 'K03',
    expect: 'silent',
    play(w) {
      w.at(10);
      w.patch('Deployment/shop/cart', { spec: { replicas: 1 } }, 'kubectl-scale');
      w.patch(set, { spec: { replicas: 1 } }, 'kube-controller-manager');
      w.event('ScalingReplicaSet', 'Deployment/shop/cart', 'Scaled down replica set cart-5f7b9 from 2 to 1', {
        type: 'Normal',
        component: 'deployment-controller',
      });
      goes(w, other);
      w.log('Pod/shop/frontend-5f7b9-a', 'cart call failed: read ECONNRESET 10.96.0.22:7070', 'error');
      w.at(60);
    },
    guard(w) {
      w.at(10);
      w.patch('Deployment/shop/cart', { spec: { replicas: 0 } }, 'kubectl-scale');
      w.patch(set, { spec: { replicas: 0 } }, 'kube-controller-manager');
      goes(w, cart);
      goes(w, other);
      for (const at of [20, 40, 60, 80, 100]) {
        w.at(at);
        w.log('Pod/shop/frontend-5f7b9-a', 'cart call failed: connect ECONNREFUSED 10.96.0.22:7070', 'error');
      }
    },
  },
  {
    id: 'K04',
    expect: 'silent',
    play(w) {
      w.at(10);
      w.patch('Node/n2', { spec: { unschedulable: true } }, 'kubectl-cordon');
      for (const name of ['cart', 'catalog']) {
        w.at(w.second + 5);
        const fresh = w.addPod(`ReplicaSet/shop/${name}-5f7b9`);
        evict(w, `Pod/shop/${name}-5f7b9-b`);
        w.at(w.second + 10);
        w.comesUp(fresh);
      }
      w.at(90);
    },
    guard(w) {
      w.at(10);
      w.patch('Node/n2', { spec: { unschedulable: true } }, 'kubectl-cordon');
      w.at(15);
      evict(w, other);
      const fresh = w.addPod(set);
      w.at(20);
      w.waiting(fresh, 'CreateContainerConfigError', 'secret "cart-tls" not found');
      w.at(120);
    },
  },
  {
    id: 'K05',
    expect: 'silent',
    play(w) {
      w.at(5);
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
      w.at(8);
      w.started(pod);
      for (const [index, at] of [13, 18, 23, 28].entries()) {
        w.at(at);
        w.event(
          'Unhealthy',
          pod,
          'Startup probe failed: Get "http://10.244.1.101:7070/healthz": dial tcp 10.244.1.101:7070: connect: connection refused',
          { count: index + 1 },
        );
      }
      w.at(33);
      w.comesUp(pod);
      goes(w, other);
      w.at(90);
    },
    guard(w) {
      w.at(5);
      const pod = w.rollout('Deployment/shop/cart', {
        spec: {
          containers: [
            {
              name: 'cart',
              startupProbe: { httpGet: { path: '/healthz', port: 7070 }, periodSeconds: 5, failureThreshold: 3 },
            },
          ],
        },
      });
      for (const start of [8, 30, 60]) {
        w.at(start);
        w.started(pod);
        for (const count of [1, 2, 3]) {
          w.at(start + 5 * count);
          w.event(
            'Unhealthy',
            pod,
            'Startup probe failed: Get "http://10.244.1.101:7070/healthz": dial tcp 10.244.1.101:7070: connect: connection refused',
            { count },
          );
        }
        w.event('Killing', pod, 'Container cart failed startup probe, will be restarted', { type: 'Normal' });
        w.at(start + 16);
        w.exit(pod, { exitCode: 143, durationMs: 16_000, pid: 5000 + start });
        w.restarts(pod, { exitCode: 143, ranS: 16 });
      }
    },
  },
  {
    id: 'K06',
    expect: 'silent',
    play(w) {
      w.at(10);
      w.patch(
        'Node/n2',
        {
          spec: {
            unschedulable: true,
            taints: [{ key: 'aws-node-termination-handler/spot-itn', effect: 'NoSchedule' }],
          },
        },
        'aws-node-termination-handler',
      );
      const gone = lossOfNode(w);
      w.at(14);
      const fresh = ['cart', 'catalog', 'frontend', 'checkout', 'payment'].map((name) =>
        w.addPod(`ReplicaSet/shop/${name}-5f7b9`),
      );
      w.at(22);
      for (const pod of fresh) w.comesUp(pod);
      w.at(30);
      for (const pod of gone) w.remove(pod);
      w.remove('Pod/kube-system/coredns-5f7b9-b');
      w.at(32);
      w.comesUp(w.addPod('ReplicaSet/kube-system/coredns-5f7b9'));
      w.at(40);
      w.remove('Node/n2', 'cloud-node-lifecycle-controller');
      w.remove('Lease/kube-node-lease/n2');
      w.at(120);
    },
    guard(w) {
      w.at(10);
      w.patch('Node/n2', { spec: { unschedulable: true } }, 'aws-node-termination-handler');
      const gone = lossOfNode(w);
      w.at(14);
      const fresh = w.addPod(set);
      w.patch(fresh, {
        spec: { nodeName: null },
        status: {
          conditions: [
            condition(
              'PodScheduled',
              false,
              'Unschedulable',
              w.clock(),
              '0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable. preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.',
            ),
          ],
          containerStatuses: null,
        },
      });
      w.at(30);
      for (const pod of gone) w.remove(pod);
      w.at(120);
    },
  },
  {
    id: 'K07',
    expect: 'silent',
    play(w) {
      w.at(10);
      w.create(
        object('batch/v1', 'CronJob', 'shop', 'sweep', {
          spec: { schedule: '*/1 * * * *', concurrencyPolicy: 'Forbid', suspend: false },
          status: { lastScheduleTime: w.clock(60), lastSuccessfulTime: w.clock(70) },
        }),
        'kubectl-create',
      );
      w.at(60);
      w.event(
        'JobAlreadyActive',
        'CronJob/shop/sweep',
        'Not starting job because prior execution is running and concurrency policy is Forbid',
        { type: 'Normal', component: 'cronjob-controller' },
      );
      w.at(120);
      w.patch(
        'CronJob/shop/sweep',
        { status: { lastScheduleTime: w.clock(), lastSuccessfulTime: w.clock() } },
        'kube-controller-manager',
      );
    },
    guard(w) {
      w.at(10);
      w.create(
        object('batch/v1', 'CronJob', 'shop', 'sweep', {
          spec: { schedule: '*/1 * * * *', concurrencyPolicy: 'Forbid', suspend: false },
          status: { lastScheduleTime: w.clock(60) },
        }),
        'kubectl-create',
      );
      w.at(60);
      w.event(
        'TooManyMissedTimes',
        'CronJob/shop/sweep',
        'too many missed start times: 101. Set or decrease .spec.startingDeadlineSeconds or check clock skew',
        { component: 'cronjob-controller' },
      );
    },
  },
  {
    id: 'K08',
    expect: 'silent',
    play(w) {
      w.at(5);
      w.create(
        object('coordination.k8s.io/v1', 'Lease', 'shop', 'cart-leader', {
          spec: { holderIdentity: 'cart-5f7b9-a', leaseDurationSeconds: 15, leaseTransitions: 4, renewTime: w.clock() },
        }),
        'cart',
      );
      rollingUpdate(w);
      w.patch(
        'Lease/shop/cart-leader',
        { spec: { holderIdentity: 'cart-6d8c1-e', leaseTransitions: 5, renewTime: w.clock() } },
        'cart',
      );
      w.at(120);
    },
    guard(w) {
      w.at(5);
      const pod = w.rollout('Deployment/shop/cart', {
        spec: { containers: [{ name: 'cart', image: 'registry.example.com/shop/cart:1.5.0' }] },
      });
      for (const at of [10, 25, 55]) {
        w.at(at);
        w.started(pod);
        w.log(pod, 'leader election lost', 'fatal');
        w.exit(pod, { exitCode: 1, durationMs: 2_000, pid: 5000 + at });
        w.crashes(pod, { exitCode: 1, ranS: 2 });
      }
    },
  },
  {
    id: 'K09',
    expect: 'silent',
    play(w) {
      w.at(30);
      w.exit(cart, { exitCode: 0, durationMs: 86_000_000 });
      w.restarts(cart, { exitCode: 0, ranS: 86_000 });
      w.at(36);
      w.ready(cart);
      w.at(120);
    },
    guard(w) {
      for (const at of [30, 45, 75, 120]) {
        w.at(at);
        w.started(cart);
        w.at(at + 3);
        w.exit(cart, { exitCode: 1, durationMs: 3_000, pid: 5000 + at });
        w.crashes(cart, { exitCode: 1, ranS: 3 });
      }
    },
  },
  {
    id: 'K10',
    expect: 'silent',
    play(w) {
      w.at(30);
      w.health('kernel@n2', 'down', 'the ring buffer is gone');
      w.health('container-logs@n2', 'degraded', 'not read yet: 4 files');
      w.at(90);
      w.health('container-logs@n2', 'healthy');
      w.log('Pod/shop/frontend-5f7b9-a', 'GET /cart 200', 'info');
    },
    guard(w) {
      // Half blind, and what is seen is still told.
      w.at(30);
      w.health('kernel@n2', 'down', 'the ring buffer is gone');
      for (const at of [40, 60, 90]) {
        w.at(at);
        w.started(cart);
        w.crashes(cart, { exitCode: 137, reason: 'OOMKilled' });
      }
    },
  },
  {
    id: 'K11',
    expect: 'silent',
    play(w) {
      w.at(5);
      w.patch(
        'Namespace/shop',
        { metadata: { annotations: { 'throughline.io/maintenance': 'until=2026-11-24T12:00:00Z' } } },
        'kubectl-annotate',
      );
      for (const at of [30, 45, 75]) {
        w.at(at);
        w.started(cart);
        w.at(at + 3);
        w.exit(cart, { exitCode: 1, durationMs: 3_000, pid: 5000 + at });
        w.crashes(cart, { exitCode: 1, ranS: 3 });
      }
    },
    guard(w) {
      // The window is over.
      w.at(5);
      w.patch(
        'Namespace/shop',
        { metadata: { annotations: { 'throughline.io/maintenance': 'until=2026-11-24T10:00:20Z' } } },
        'kubectl-annotate',
      );
      for (const at of [30, 45, 75]) {
        w.at(at);
        w.started(cart);
        w.at(at + 3);
        w.exit(cart, { exitCode: 1, durationMs: 3_000, pid: 5000 + at });
        w.crashes(cart, { exitCode: 1, ranS: 3 });
      }
    },
  },
  {
    id: 'K12',
    expect: 'silent',
    play(w) {
      // One ordinary stop, as Event, status, kernel and log tell it.
      w.at(10);
      w.patch('Deployment/shop/cart', { spec: { replicas: 1 } }, 'kubectl-scale');
      w.patch(set, { spec: { replicas: 1 } }, 'kube-controller-manager');
      w.log(other, 'received SIGTERM, shutting down', 'info');
      goes(w, other);
      w.entry('n2', 'cri-containerd-5f7b9b.scope: Deactivated successfully.', {
        unit: 'init.scope',
        identifier: 'systemd',
        priority: 6,
      });
      w.at(80);
    },
    guard: oomByAll,
  },
];
