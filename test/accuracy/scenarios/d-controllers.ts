import { autoscaler, cronJob, job, jobFails, singleDeployment, triedInVain, tries } from './batch.js';
import { merged } from './merge.js';
import { condition, endpointSlice, object, podOf, replicaSet, service, workload } from './objects.js';
import type { Scenario } from './scenario.js';
import type { World } from './world.js';

const image = (version: string): object => ({
  spec: { containers: [{ name: 'cart', image: `registry.example.com/shop/cart:${version}` }] },
});

/** The rollout ends well: new pods ready, old ones gone. */
function completes(w: World, deployment: string, pod: string): void {
  w.comesUp(pod);
  w.at(w.second + 3);
  for (const old of w.pods(deployment).filter((each) => each !== pod)) w.terminates(old);
  w.patch(deployment, {
    status: { updatedReplicas: 2, conditions: [condition('Progressing', true, 'NewReplicaSetAvailable', w.clock())] },
  });
}

function errors(w: World, pod: string, line: string, times = 4): void {
  for (let i = 0; i < times; i++) {
    w.log(pod, line, 'error');
    w.at(w.second + 4);
  }
}

function queue(w: World, revisions: readonly string[], updateRevision: string): string[] {
  const set = merged(workload({ name: 'queue', kind: 'StatefulSet', replicas: 3, port: 5672 }), {
    status: { currentRevision: 'queue-7c9d', updateRevision, updatedReplicas: 1 },
  });
  w.create(set);
  return revisions.map((revision, index) =>
    w.create(
      merged(podOf(set, { name: `queue-${index}`, node: 'n1', ip: `10.244.1.${60 + index}`, at: w.clock(600) }), {
        metadata: { labels: { 'controller-revision-hash': revision } },
      }),
      'kube-controller-manager',
    ),
  );
}

function metricsServer(w: World): string {
  const deployment = workload({ name: 'metrics-server', namespace: 'kube-system', replicas: 1, port: 10_250 });
  const backend = service('metrics-server', 'kube-system', 443, '10.96.0.71', { selector: { app: 'metrics-server' } });
  w.create(backend);
  w.create(endpointSlice(backend, 10_250));
  const pod = singleDeployment(w, { deployment, set: replicaSet(deployment, '5f7b9', 1) });
  w.create(
    object('apiregistration.k8s.io/v1', 'APIService', null, 'v1beta1.metrics.k8s.io', {
      spec: {
        group: 'metrics.k8s.io',
        version: 'v1beta1',
        service: { namespace: 'kube-system', name: 'metrics-server' },
      },
      status: { conditions: [condition('Available', true, 'Passed', w.clock(3600))] },
    }),
  );
  return pod;
}

const noMetrics =
  'the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server is currently unable to handle the request (get pods.metrics.k8s.io)';

function blind(w: World, name: string, message = noMetrics, reason = 'FailedGetResourceMetric'): void {
  w.patch(`HorizontalPodAutoscaler/shop/${name}`, {
    status: { conditions: [condition('ScalingActive', false, reason, w.clock(), message)] },
  });
}

/** As Helm labels a revision with the time of its last change: seconds. */
function epoch(w: World): string {
  return String(Math.floor(Date.parse(w.clock()) / 1000));
}

function release(w: World, version: number, status: string): string {
  return w.create(
    object(
      'v1',
      'Secret',
      'shop',
      `sh.helm.release.v1.shop.v${version}`,
      { type: 'helm.sh/release.v1', data: { release: null } },
      {
        labels: {
          owner: 'helm',
          name: 'shop',
          status,
          version: String(version),
          modifiedAt: epoch(w),
        },
      },
    ),
  );
}

const hook = {
  labels: { 'app.kubernetes.io/instance': 'shop', 'app.kubernetes.io/managed-by': 'Helm' },
  annotations: { 'helm.sh/hook': 'pre-upgrade', 'helm.sh/hook-delete-policy': 'before-hook-creation' },
};

/** A failed migration, three tries; the Job is a hook where its metadata say so. */
function failedMigration(w: World, metadata: object): void {
  const migrate = job(w, 'migrate', metadata);
  for (const index of [0, 1, 2]) {
    triedInVain(w, migrate, index);
    w.at(w.second + 10);
  }
  jobFails(w, migrate, 'BackoffLimitExceeded', 'Job has reached the specified backoff limit');
}

function evictionRound(w: World, index: number): void {
  const [oldest] = w.pods('Deployment/shop/cart') as [string];
  w.evidence(() =>
    w.event('EvictedByVPA', oldest, 'Pod was evicted by VPA Updater to apply resource recommendation.', {
      type: 'Normal',
      component: 'vpa-updater',
    }),
  );
  w.terminates(oldest);
  const set = w.get('ReplicaSet/shop/cart-5f7b9');
  const pod = w.create(
    podOf(set, { name: `cart-5f7b9-v${index}`, node: 'n1', ip: `10.244.1.${200 + index}`, at: w.clock() }),
    'kube-controller-manager',
  );
  for (const other of w.pods('Deployment/shop/cart').filter((each) => each !== pod)) {
    w.at(w.second + 1);
    w.evidence(() =>
      w.event('EvictedByVPA', other, 'Pod was evicted by VPA Updater to apply resource recommendation.'),
    );
    w.terminates(other);
    const name = `cart-5f7b9-w${index}`;
    w.create(podOf(set, { name, node: 'n2', ip: `10.244.2.${200 + index}`, at: w.clock() }), 'kube-controller-manager');
  }
}

/** What goes wrong with workloads and their controllers. */
export const scenarios: readonly Scenario[] = [
  {
    id: 'D01',
    expect: {
      category: ['workload.rollout-stuck', 'probe.readiness-failed', 'change.bad-release'],
      on: ['Deployment/shop/cart'],
    },
    play(w) {
      w.at(30);
      const pod = w.rollout('Deployment/shop/cart', image('1.5.0'));
      w.at(33);
      w.started(pod);
      for (const second of [45, 55, 65, 75]) {
        w.at(second);
        w.evidence(() => w.event('Unhealthy', pod, 'Readiness probe failed: HTTP probe failed with statuscode: 503'));
      }
      w.at(120);
      w.evidence(() =>
        w.patch('Deployment/shop/cart', {
          status: {
            conditions: [
              condition(
                'Progressing',
                false,
                'ProgressDeadlineExceeded',
                w.clock(),
                'ReplicaSet "cart-6d8c1" has timed out progressing.',
              ),
            ],
          },
        }),
      );
    },
    guard(w) {
      w.at(30);
      // Slow to start, and then it serves.
      const pod = w.rollout('Deployment/shop/cart', image('1.5.0'));
      w.at(33);
      w.started(pod);
      w.at(45);
      w.event('Unhealthy', pod, 'Readiness probe failed: HTTP probe failed with statuscode: 503');
      w.at(55);
      completes(w, 'Deployment/shop/cart', pod);
      w.at(120);
    },
  },
  {
    id: 'D02',
    expect: { category: ['change.bad-release'], on: ['Deployment/shop/cart'] },
    play(w) {
      w.at(30);
      const pod = w.rollout('Deployment/shop/cart', image('1.5.0'));
      w.at(36);
      completes(w, 'Deployment/shop/cart', pod);
      w.evidence(() => errors(w, pod, "TypeError: Cannot read properties of undefined (reading 'currency')", 6));
      w.at(70);
    },
    guard(w) {
      w.at(30);
      // The same words, and nothing was released.
      const [pod] = w.pods('Deployment/shop/cart') as [string];
      errors(w, pod, "TypeError: Cannot read properties of undefined (reading 'currency')", 6);
      w.at(70);
    },
  },
  {
    id: 'D03',
    expect: {
      category: ['change.bad-release', 'config.wrong-address'],
      on: ['Deployment/shop/cart'],
      says: /CACHE_ADDR/,
    },
    play(w) {
      w.at(30);
      w.evidence(() => {
        const pod = w.rollout(
          'Deployment/shop/cart',
          { spec: { containers: [{ name: 'cart', env: [{ name: 'CACHE_ADDR', value: 'cachee:6379' }] }] } },
          'kubectl-set',
        );
        w.at(36);
        completes(w, 'Deployment/shop/cart', pod);
        errors(w, pod, 'redis error: getaddrinfo ENOTFOUND cachee', 6);
      });
      w.at(70);
    },
    guard(w) {
      w.at(30);
      const [cache] = w.pods('Deployment/shop/cache') as [string];
      w.exit(cache, { exitCode: 1 });
      w.crashes(cache, { exitCode: 1 });
      const [pod] = w.pods('Deployment/shop/cart') as [string];
      errors(w, pod, 'redis error: connect ECONNREFUSED 10.96.0.26:6379', 6);
      w.at(70);
    },
  },
  {
    id: 'D04',
    expect: { category: ['workload.ordered-rollout-blocked'], on: ['StatefulSet/shop/queue'] },
    play(w) {
      w.at(10);
      const pods = queue(w, ['queue-7c9d', 'queue-7c9d', 'queue-bad1'], 'queue-bad1');
      w.at(30);
      w.crashes(pods[2]!, { exitCode: 1 });
      w.at(90);
      // The template is right again; pod 2 stays what it is.
      w.evidence(() => w.patch('StatefulSet/shop/queue', { status: { updateRevision: 'queue-7c9d' } }));
      w.at(200);
    },
    guard(w) {
      w.at(10);
      const pods = queue(w, ['queue-7c9d', 'queue-7c9d', 'queue-bad1'], 'queue-bad1');
      w.at(30);
      w.crashes(pods[2]!, { exitCode: 1 });
      w.at(200);
    },
  },
  {
    id: 'D05',
    expect: {
      category: ['scheduling.insufficient-resources', 'workload.unavailable'],
      on: ['DaemonSet/kube-system/log-agent'],
    },
    play(w) {
      w.at(10);
      const set = workload({ name: 'log-agent', namespace: 'kube-system', kind: 'DaemonSet' });
      w.create(
        merged(set, {
          status: { desiredNumberScheduled: 2, numberReady: 1, numberAvailable: 1, updatedNumberScheduled: 2 },
        }),
      );
      w.create(podOf(set, { name: 'log-agent-n1', node: 'n1', ip: '10.244.1.77', at: w.clock(600) }));
      const pod = w.create(
        merged(podOf(set, { name: 'log-agent-n2', node: null, ip: '', at: w.clock() }), { status: { conditions: [] } }),
      );
      w.evidence(() =>
        w.patch(pod, {
          status: {
            conditions: [
              condition(
                'PodScheduled',
                false,
                'Unschedulable',
                w.clock(),
                "0/2 nodes are available: 1 Insufficient memory, 1 node(s) didn't satisfy plugin(s) [NodeAffinity]. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.",
              ),
            ],
          },
        }),
      );
      w.at(90);
    },
    guard(w) {
      w.at(10);
      const set = workload({ name: 'log-agent', namespace: 'kube-system', kind: 'DaemonSet' });
      w.create(
        merged(set, {
          status: { desiredNumberScheduled: 2, numberReady: 2, numberAvailable: 2, updatedNumberScheduled: 2 },
        }),
      );
      const pods = ['n1', 'n2'].map((node, index) =>
        w.create(podOf(set, { name: `log-agent-${node}`, node, ip: `10.244.${index + 1}.77`, at: w.clock(600) })),
      );
      // Replaced by a new one, as an update of the agent does it.
      w.at(30);
      w.terminates(pods[1]!);
      w.create(podOf(set, { name: 'log-agent-n2b', node: 'n2', ip: '10.244.2.78', at: w.clock() }));
      w.at(90);
    },
  },
  {
    id: 'D06',
    expect: { category: ['job.backoff-limit-exceeded'], on: ['Job/shop/migrate'] },
    play(w) {
      w.at(30);
      w.evidence(() => failedMigration(w, {}));
      w.at(120);
    },
    guard(w) {
      w.at(30);
      const migrate = job(w, 'migrate');
      triedInVain(w, migrate, 0);
      w.at(45);
      const second = tries(w, migrate, 1);
      w.at(60);
      w.ended(second, { exitCode: 0 });
      w.patch(second, { status: { phase: 'Succeeded' } });
      w.patch(migrate, { status: { succeeded: 1, conditions: [condition('Complete', true, '', w.clock())] } });
      w.at(120);
    },
  },
  {
    id: 'D07',
    expect: { category: ['job.deadline-exceeded'], on: ['Job/shop/export'] },
    play(w) {
      w.at(30);
      const made = job(w, 'export', {}, { activeDeadlineSeconds: 60 });
      const pod = tries(w, made, 0);
      w.at(91);
      w.evidence(() => {
        w.event('DeadlineExceeded', made, 'Job was active longer than specified deadline', {
          component: 'job-controller',
        });
        jobFails(w, made, 'DeadlineExceeded', 'Job was active longer than specified deadline');
      });
      w.terminates(pod);
      w.at(120);
    },
    guard(w) {
      w.at(30);
      failedMigration(w, {});
      w.at(120);
    },
  },
  {
    id: 'D08',
    expect: { category: ['cronjob.missed'], on: ['CronJob/shop/report'] },
    play(w) {
      w.at(30);
      cronJob(w, 'report');
      w.evidence(() =>
        w.event(
          'TooManyMissedTimes',
          'CronJob/shop/report',
          'too many missed start times: 101. Set or decrease .spec.startingDeadlineSeconds or check clock skew',
          { component: 'cronjob-controller' },
        ),
      );
      w.at(60);
    },
    guard(w) {
      w.at(30);
      cronJob(w, 'report');
      w.event(
        'JobAlreadyActive',
        'CronJob/shop/report',
        'Not starting job because prior execution is running and concurrency policy is Forbid',
        { type: 'Normal', component: 'cronjob-controller' },
      );
      w.at(60);
    },
  },
  {
    id: 'D09',
    expect: { category: ['cronjob.blocked'], on: ['CronJob/shop/report'] },
    play(w) {
      w.at(30);
      cronJob(w, 'report');
      w.at(60);
      w.evidence(() =>
        w.event(
          'JobAlreadyActive',
          'CronJob/shop/report',
          'Not starting job because prior execution is running and concurrency policy is Forbid',
          { type: 'Normal', component: 'cronjob-controller', count: 4 },
        ),
      );
      w.at(90);
    },
    guard(w) {
      w.at(30);
      cronJob(w, 'report');
      w.at(60);
      // Once: as the policy wants it.
      w.event(
        'JobAlreadyActive',
        'CronJob/shop/report',
        'Not starting job because prior execution is running and concurrency policy is Forbid',
        { type: 'Normal', component: 'cronjob-controller' },
      );
      w.at(90);
    },
  },
  {
    id: 'D10',
    expect: { category: ['cronjob.invalid-schedule'], on: ['CronJob/shop/report'] },
    play(w) {
      w.at(30);
      cronJob(w, 'report', '*/5 * * *');
      w.evidence(() =>
        w.event(
          'UnparseableSchedule',
          'CronJob/shop/report',
          'unparseable schedule: "*/5 * * *" : expected exactly 5 fields, found 4: [*/5 * * *]',
          { component: 'cronjob-controller' },
        ),
      );
      w.at(60);
    },
    guard(w) {
      w.at(30);
      cronJob(w, 'report');
      w.event(
        'MissSchedule',
        'CronJob/shop/report',
        'Missed scheduled time to start a job: Tue, 24 Nov 2026 09:55:00 UTC',
        { component: 'cronjob-controller' },
      );
      w.at(60);
    },
  },
  {
    id: 'D11',
    expect: { category: ['tls.verification-failed'], on: ['Deployment/kube-system/metrics-server'] },
    play(w) {
      w.at(10);
      const pod = metricsServer(w);
      autoscaler(w, 'cart', 'cart');
      autoscaler(w, 'frontend', 'frontend');
      w.at(30);
      for (const second of [30, 45, 60]) {
        w.at(second);
        w.evidence(() =>
          w.log(
            pod,
            'E1124 10:00:31.123456       1 scraper.go:149] "Failed to scrape node" err="Get \\"https://192.168.0.11:10250/metrics/resource\\": tls: failed to verify certificate: x509: cannot validate certificate for 192.168.0.11 because it doesn\'t contain any IP SANs" node="n1"',
            'error',
          ),
        );
      }
      w.event('Unhealthy', pod, 'Readiness probe failed: HTTP probe failed with statuscode: 500');
      w.notReady(pod);
      w.at(65);
      w.patch('APIService/v1beta1.metrics.k8s.io', {
        status: {
          conditions: [
            condition(
              'Available',
              false,
              'MissingEndpoints',
              w.clock(),
              'endpoints for service/metrics-server in "kube-system" have no addresses with port name "https"',
            ),
          ],
        },
      });
      blind(w, 'cart');
      blind(w, 'frontend');
      w.at(140);
    },
    guard(w) {
      w.at(10);
      metricsServer(w);
      autoscaler(w, 'cart', 'cart');
      w.at(30);
      blind(
        w,
        'cart',
        'the HPA was unable to compute the replica count: failed to get cpu utilization: missing request for cpu in container cart of Pod cart-5f7b9-a',
      );
      w.at(140);
    },
  },
  {
    id: 'D12',
    expect: { category: ['hpa.requests-missing'], on: ['HorizontalPodAutoscaler/shop/cart'] },
    play(w) {
      w.at(10);
      autoscaler(w, 'cart', 'cart');
      w.at(30);
      w.evidence(() =>
        blind(
          w,
          'cart',
          'the HPA was unable to compute the replica count: failed to get cpu utilization: missing request for cpu in container cart of Pod cart-5f7b9-a',
        ),
      );
      w.at(140);
    },
    guard(w) {
      w.at(10);
      autoscaler(w, 'cart', 'cart');
      w.at(30);
      blind(w, 'cart');
      w.at(140);
    },
  },
  {
    id: 'D13',
    expect: { category: ['hpa.at-maximum'], on: ['HorizontalPodAutoscaler/shop/cart'] },
    play(w) {
      w.at(10);
      autoscaler(w, 'cart', 'cart');
      w.at(30);
      w.evidence(() =>
        w.patch('HorizontalPodAutoscaler/shop/cart', {
          status: {
            currentReplicas: 6,
            desiredReplicas: 6,
            currentMetrics: [
              { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 98, averageValue: '98m' } } },
            ],
            conditions: [
              condition(
                'ScalingLimited',
                true,
                'TooManyReplicas',
                w.clock(),
                'the desired replica count is more than the maximum replica count',
              ),
            ],
          },
        }),
      );
      const [pod] = w.pods('Deployment/shop/cart') as [string];
      for (const second of [50, 60, 70]) {
        w.at(second);
        w.event(
          'Unhealthy',
          pod,
          'Liveness probe failed: Get "http://10.244.1.12:7070/healthz": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
        );
        w.log('Pod/shop/frontend-5f7b9-a', 'GET http://cart:7070/cart failed: timeout of 2000ms exceeded', 'error');
      }
      w.at(90);
    },
    guard(w) {
      w.at(10);
      autoscaler(w, 'cart', 'cart');
      w.at(30);
      // At its maximum, and that is enough.
      w.patch('HorizontalPodAutoscaler/shop/cart', {
        status: {
          currentReplicas: 6,
          desiredReplicas: 6,
          conditions: [condition('ScalingLimited', true, 'TooManyReplicas', w.clock())],
        },
      });
      w.at(90);
    },
  },
  {
    id: 'D14',
    expect: {
      category: ['hpa.target-missing', 'hpa.ambiguous-selector'],
      on: ['HorizontalPodAutoscaler/shop/cart'],
    },
    play(w) {
      w.at(10);
      autoscaler(w, 'cart', 'cart-v2');
      w.at(30);
      w.evidence(() =>
        w.patch('HorizontalPodAutoscaler/shop/cart', {
          status: {
            conditions: [
              condition(
                'AbleToScale',
                false,
                'FailedGetScale',
                w.clock(),
                'the HPA controller was unable to get the target\'s current scale: deployments.apps "cart-v2" not found',
              ),
            ],
          },
        }),
      );
      w.at(90);
    },
    guard(w) {
      w.at(10);
      autoscaler(w, 'cart', 'cart');
      w.at(30);
      blind(w, 'cart');
      w.at(120);
    },
  },
  {
    id: 'D15',
    expect: { category: ['hpa.thrashing'], on: ['HorizontalPodAutoscaler/shop/cart'] },
    play(w) {
      w.at(10);
      autoscaler(w, 'cart', 'cart');
      for (const [index, desired] of [6, 2, 6, 2, 6, 2, 6].entries()) {
        w.at(60 + 120 * index);
        w.evidence(() =>
          w.patch('HorizontalPodAutoscaler/shop/cart', {
            status: { currentReplicas: desired, desiredReplicas: desired },
          }),
        );
      }
      w.at(840);
    },
    guard(w) {
      w.at(10);
      autoscaler(w, 'cart', 'cart');
      // Up with the load of the day, step by step, and once down again.
      for (const [index, desired] of [3, 4, 5, 6, 5, 4, 3].entries()) {
        w.at(60 + 120 * index);
        w.patch('HorizontalPodAutoscaler/shop/cart', {
          status: { currentReplicas: desired, desiredReplicas: desired },
        });
      }
      w.at(840);
    },
  },
  {
    id: 'D16',
    expect: { category: ['workload.scaled-to-zero'], on: ['Deployment/shop/cart'], says: /keda-operator/ },
    play(w) {
      w.at(30);
      w.evidence(() => w.patch('Deployment/shop/cart', { spec: { replicas: 0 } }, 'keda-operator'));
      for (const pod of w.pods('Deployment/shop/cart')) w.terminates(pod, 1);
      for (const second of [40, 50, 60]) {
        w.at(second);
        w.log('Pod/shop/frontend-5f7b9-a', 'cart call failed: connect ECONNREFUSED 10.96.0.22:7070', 'error');
      }
      w.at(90);
    },
    guard(w) {
      w.at(30);
      w.patch('Deployment/shop/cart', { spec: { replicas: 1 } }, 'keda-operator');
      w.terminates(w.pods('Deployment/shop/cart')[1]!, 1);
      w.at(90);
    },
  },
  {
    id: 'D17',
    expect: { category: ['pdb.blocks-eviction'], on: ['PodDisruptionBudget/shop/cart'] },
    play(w) {
      w.at(10);
      w.evidence(() => budget(w, 0));
      w.at(30);
      w.patch('Node/n1', { spec: { unschedulable: true } }, 'kubectl-cordon');
      w.at(100);
    },
    guard(w) {
      w.at(10);
      budget(w, 1);
      w.at(30);
      w.patch('Node/n1', { spec: { unschedulable: true } }, 'kubectl-cordon');
      w.at(100);
    },
  },
  {
    id: 'D18',
    expect: { category: ['object.finalizer-stuck'], on: ['Namespace/old'] },
    play(w) {
      w.at(10);
      w.create(object('v1', 'Namespace', null, 'old', { status: { phase: 'Active' } }));
      w.at(30);
      w.evidence(() =>
        w.patch('Namespace/old', {
          metadata: { deletionTimestamp: w.clock() },
          status: {
            phase: 'Terminating',
            conditions: [
              condition(
                'NamespaceFinalizersRemaining',
                true,
                'SomeFinalizersRemain',
                w.clock(),
                'Some content in the namespace has finalizers remaining: databases.db.example.com/finalizer in 3 resource instances',
              ),
            ],
          },
        }),
      );
      w.at(200);
    },
    guard(w) {
      w.at(10);
      w.create(object('v1', 'Namespace', null, 'old', { status: { phase: 'Active' } }));
      w.at(30);
      w.patch('Namespace/old', { metadata: { deletionTimestamp: w.clock() }, status: { phase: 'Terminating' } });
      w.at(50);
      w.remove('Namespace/old');
      w.at(200);
    },
  },
  {
    id: 'D19',
    expect: { category: ['pod.stuck-terminating'], on: ['Deployment/shop/cart'] },
    play(w) {
      w.at(30);
      const [pod] = w.pods('Deployment/shop/cart') as [string];
      w.evidence(() => w.patch(pod, { metadata: { deletionTimestamp: w.clock(-30), deletionGracePeriodSeconds: 30 } }));
      w.at(75);
      w.evidence(() =>
        w.event(
          'FailedKillPod',
          pod,
          'error killing pod: failed to "KillContainer" for "cart" with KillContainerError: "rpc error: code = DeadlineExceeded desc = an error occurs during waiting for container to be killed: wait container: context deadline exceeded"',
        ),
      );
      w.at(150);
    },
    guard(w) {
      w.at(30);
      const [pod] = w.pods('Deployment/shop/cart') as [string];
      // Its node is gone: the pod only waits for it.
      w.patch('Node/n1', {
        status: {
          conditions: [
            {
              ...condition('Ready', false, 'NodeStatusUnknown', w.clock(), 'Kubelet stopped posting node status.'),
              status: 'Unknown',
            },
          ],
        },
      });
      w.at(40);
      w.patch(pod, { metadata: { deletionTimestamp: w.clock(-30), deletionGracePeriodSeconds: 30 } });
      w.at(150);
    },
  },
  {
    id: 'D20',
    expect: {
      category: ['object.not-reconciled'],
      on: ['CustomResourceDefinition/certificates.cert-manager.io'],
    },
    play(w) {
      w.at(10);
      certificates(w);
      w.at(30);
      w.evidence(() =>
        w.patch('Certificate/shop/shop-tls', { spec: { dnsNames: ['shop.example.com', 'www.example.com'] } }),
      );
      w.at(400);
    },
    guard(w) {
      w.at(10);
      certificates(w);
      w.at(30);
      w.patch('Certificate/shop/shop-tls', { spec: { dnsNames: ['shop.example.com', 'www.example.com'] } });
      w.at(70);
      w.patch('Certificate/shop/shop-tls', { status: { observedGeneration: 4 } });
      w.at(400);
    },
  },
  {
    id: 'D21',
    expect: { category: ['controller.leadership-lost'], on: ['Deployment/kube-system/operator'] },
    play(w) {
      w.at(10);
      const pod = operator(w);
      for (const second of [30, 80]) {
        w.at(second);
        w.evidence(() =>
          w.log(
            pod,
            'E1124 10:00:30.345678       1 leaderelection.go:436] "Failed to update lock" err="Put \\"https://10.96.0.1:443/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/operator\\": context deadline exceeded"; failed to renew lease kube-system/operator: timed out waiting for the condition',
            'error',
          ),
        );
        w.evidence(() => w.log(pod, 'problem running manager: leader election lost', 'error'));
        w.restarts(pod, { exitCode: 1 });
        w.at(second + 6);
        w.ready(pod);
      }
      w.at(120);
    },
    guard(w) {
      w.at(10);
      const pod = operator(w);
      for (const second of [30, 80]) {
        w.at(second);
        w.log(pod, 'panic: runtime error: invalid memory address or nil pointer dereference', 'error');
        w.restarts(pod, { exitCode: 2 });
        w.at(second + 6);
        w.ready(pod);
      }
      w.at(120);
    },
  },
  {
    id: 'D22',
    expect: { category: ['helm.hook-failed'], on: ['Job/shop/migrate'] },
    play(w) {
      w.at(10);
      release(w, 6, 'deployed');
      const upgrade = release(w, 7, 'pending-upgrade');
      w.at(30);
      w.evidence(() => failedMigration(w, hook));
      w.at(90);
      w.evidence(() => w.patch(upgrade, { metadata: { labels: { status: 'failed', modifiedAt: epoch(w) } } }));
      w.at(130);
    },
    guard(w) {
      w.at(10);
      release(w, 6, 'deployed');
      // The same Job, and no hook of anything.
      w.at(30);
      failedMigration(w, {});
      w.at(130);
    },
  },
  {
    id: 'D23',
    expect: { category: ['helm.release-failed'], on: ['HelmRelease/shop/shop'] },
    play(w) {
      w.at(10);
      release(w, 6, 'deployed');
      const upgrade = release(w, 7, 'pending-upgrade');
      w.at(40);
      w.evidence(() => w.patch(upgrade, { metadata: { labels: { status: 'failed', modifiedAt: epoch(w) } } }));
      w.at(90);
    },
    guard(w) {
      w.at(10);
      release(w, 6, 'deployed');
      const upgrade = release(w, 7, 'pending-upgrade');
      w.at(40);
      w.patch(upgrade, { metadata: { labels: { status: 'deployed', modifiedAt: epoch(w) } } });
      w.patch('Secret/shop/sh.helm.release.v1.shop.v6', { metadata: { labels: { status: 'superseded' } } });
      w.at(90);
    },
  },
  {
    id: 'D24',
    expect: { category: ['change.bad-release'], on: ['Deployment/shop/cart'], says: /argocd-controller/ },
    play(w) {
      revert(w, 'argocd-controller');
    },
    guard(w) {
      revert(w, 'kubectl-edit');
    },
  },
  {
    id: 'D25',
    expect: { category: ['workload.selector-overlap'], on: ['Deployment/shop/cart'] },
    play(w) {
      w.at(10);
      w.evidence(() => {
        const copy = merged(workload({ name: 'cart-copy', port: 7070 }), {
          spec: { selector: { matchLabels: { app: 'cart' } }, template: { metadata: { labels: { app: 'cart' } } } },
        });
        w.create(copy);
      });
      churn(w);
    },
    guard(w) {
      w.at(10);
      w.create(workload({ name: 'cart-copy', port: 7070 }));
      churn(w);
    },
  },
  {
    id: 'D26',
    expect: { category: ['vpa.eviction-loop'], on: ['Deployment/shop/cart'] },
    play(w) {
      for (const [index, second] of [30, 95, 160].entries()) {
        w.at(second);
        evictionRound(w, index);
        w.at(w.second + 20);
        const [pod] = w.pods('Deployment/shop/cart') as [string];
        w.oomVictim(pod);
        w.exit(pod, { signal: 9 });
        w.restarts(pod, { exitCode: 137, reason: 'OOMKilled', ranS: 15 });
        w.at(w.second + 5);
        w.ready(pod);
      }
      w.at(230);
    },
    guard(w) {
      w.at(30);
      // One new recommendation, taken to both pods.
      evictionRound(w, 0);
      w.at(120);
    },
  },
];

function budget(w: World, disruptionsAllowed: number): void {
  w.create(
    object('policy/v1', 'PodDisruptionBudget', 'shop', 'cart', {
      spec: { minAvailable: 2, selector: { matchLabels: { app: 'cart' } } },
      status: { disruptionsAllowed, currentHealthy: 2, desiredHealthy: 2, expectedPods: 2 },
    }),
  );
}

function certificates(w: World): void {
  w.create(
    object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', null, 'certificates.cert-manager.io', {
      spec: { group: 'cert-manager.io', names: { kind: 'Certificate', plural: 'certificates' } },
      status: { conditions: [condition('Established', true, 'InitialNamesAccepted', w.clock(600))] },
    }),
  );
  w.haltControllers();
  w.create(
    object(
      'cert-manager.io/v1',
      'Certificate',
      'shop',
      'shop-tls',
      {
        spec: { secretName: 'shop-tls', dnsNames: ['shop.example.com'] },
        status: { observedGeneration: 3, conditions: [condition('Ready', true, 'Ready', w.clock(600))] },
      },
      { generation: 3 },
    ),
  );
}

function operator(w: World): string {
  const deployment = workload({ name: 'operator', namespace: 'kube-system', replicas: 1 });
  return singleDeployment(w, { deployment, set: replicaSet(deployment, '5f7b9', 1) });
}

/** A hotfix by hand, and somebody who sets it back. */
function revert(w: World, by: string): void {
  w.at(20);
  const fixed = w.rollout('Deployment/shop/cart', image('1.4.3-hotfix'), 'kubectl-edit');
  w.at(25);
  completes(w, 'Deployment/shop/cart', fixed);
  w.at(100);
  const back = w.rollout('Deployment/shop/cart', image('1.4.2'), by);
  w.at(106);
  completes(w, 'Deployment/shop/cart', back);
  w.evidence(() => errors(w, back, "TypeError: Cannot read properties of undefined (reading 'currency')", 6));
  w.at(150);
}

/** A ReplicaSet makes pods and takes them away again. */
function churn(w: World): void {
  for (const [index, second] of [30, 45, 60, 75].entries()) {
    w.at(second);
    w.event('SuccessfulCreate', 'ReplicaSet/shop/cart-5f7b9', `Created pod: cart-5f7b9-x${index}`, {
      type: 'Normal',
      component: 'replicaset-controller',
    });
    w.at(second + 5);
    w.event('SuccessfulDelete', 'ReplicaSet/shop/cart-5f7b9', `Deleted pod: cart-5f7b9-x${index}`, {
      type: 'Normal',
      component: 'replicaset-controller',
    });
  }
  w.at(110);
}
