import { describe, expect, test } from '@jest/globals';
import { clusterEvent, createWorld, deployment, entity, happened, pod, problems } from './world.js';

const object = (apiVersion: string, kind: string, name: string, rest: object, metadata: object = {}): object => ({
  apiVersion,
  kind,
  metadata: {
    name,
    namespace: 'market',
    uid: `uid-${kind}-${name}`,
    creationTimestamp: '2026-11-24T10:00:00Z',
    ...metadata,
  },
  ...rest,
});

const failure = (message: string) =>
  object(
    'apps/v1',
    'ReplicaSet',
    'web-5d4f',
    {
      spec: { replicas: 3 },
      status: {
        replicas: 1,
        conditions: [
          {
            type: 'ReplicaFailure',
            status: 'True',
            reason: 'FailedCreate',
            message,
            lastTransitionTime: '2026-11-24T10:00:00Z',
          },
        ],
      },
    },
    {
      uid: 'uid-rs',
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'uid-deploy', controller: true },
      ],
    },
  );

describe('workloads', () => {
  test('a Deployment that has lost a replica outside of a rollout is short at once', () => {
    const world = createWorld();
    const short = deployment({ status: { availableReplicas: 1 } });
    expect(problems(world.observe('10:00:00', short))).toEqual([
      'workload.unavailable: Deployment web has 1 of 2 replicas available.',
    ]);
  });

  test('a rollout with surge that never loses availability is no problem, however long it takes', () => {
    const world = createWorld();
    const rolling = (updatedReplicas: number, replicas: number) =>
      deployment({
        metadata: { generation: 4 },
        status: {
          observedGeneration: 4,
          updatedReplicas,
          replicas,
          conditions: [{ type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated' }],
        },
      });
    expect(problems(world.observe('10:00:00', rolling(1, 3)))).toEqual([]);
    expect(problems(world.tick('10:05:00'))).toEqual([]);
    expect(problems(world.observe('10:05:01', rolling(2, 2)))).toEqual([]);
  });

  test('a rollout that loses availability is given half a minute', () => {
    const world = createWorld();
    const recreated = deployment({
      status: {
        replicas: 1,
        updatedReplicas: 1,
        availableReplicas: 0,
        conditions: [
          {
            type: 'Available',
            status: 'False',
            reason: 'MinimumReplicasUnavailable',
            lastTransitionTime: '2026-11-24T10:00:00Z',
          },
          { type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated' },
        ],
      },
    });
    expect(problems(world.observe('10:00:01', recreated))).toEqual([]);
    expect(problems(world.tick('10:00:30'))).toEqual([
      'workload.unavailable: Deployment web has 0 of 2 replicas available.',
    ]);
  });

  test('a rollout past its deadline is stuck', () => {
    const conditions = [
      {
        type: 'Progressing',
        status: 'False',
        reason: 'ProgressDeadlineExceeded',
        lastTransitionTime: '2026-11-24T10:00:00Z',
      },
    ];
    expect(
      problems(createWorld().observe('10:00:01', deployment({ status: { updatedReplicas: 1, conditions } }))),
    ).toEqual([
      'workload.rollout-stuck: The rollout of Deployment web makes no progress: 1 of 2 replicas are updated.',
    ]);
  });

  test('a scale to zero counts only when it was seen to happen', () => {
    const zero = deployment({ spec: { replicas: 0 }, status: { replicas: 0, availableReplicas: 0 } });
    expect(problems(createWorld().observe('10:00:00', zero, { action: 'SYNC' }))).toEqual([]);
    const world = createWorld();
    const findings = world.observe('10:00:00', zero, {
      changes: [{ path: 'spec.replicas', from: '2', to: '0' }],
      changedBy: 'kubectl-scale',
    });
    expect(problems(findings)).toEqual([
      'workload.scaled-to-zero: Deployment web was scaled from 2 to 0 replicas by kubectl-scale.',
    ]);
    expect(happened(findings)).toEqual([
      'change.scale: Deployment web was scaled from 2 to 0 replicas by kubectl-scale.',
    ]);
    expect(problems(world.observe('10:01:00', deployment()))).toEqual([]);
  });

  test.each([
    [
      'pods "web-5d4f-x" is forbidden: exceeded quota: small, requested: pods=1, used: pods=8, limited: pods=8',
      'quota.exceeded: web cannot create its pods: quota small is used up: pods=1 was asked for, pods=8 is used of pods=8.',
      'market/ResourceQuota/small',
    ],
    [
      'pods "web-5d4f-x" is forbidden: failed quota: small: must specify limits.cpu for: web',
      'quota.requests-missing: web cannot create its pods: quota small wants every pod to say limits.cpu.',
      'market/ResourceQuota/small',
    ],
    [
      'pods "web-5d4f-x" is forbidden: maximum memory usage per Container is 64Mi, but limit is 128Mi',
      'limitrange.violated: web cannot create its pods: a LimitRange of the namespace forbids it: maximum memory usage per Container is 64Mi, but limit is 128Mi.',
      'market/ReplicaSet/web-5d4f',
    ],
    [
      'Internal error occurred: failed calling webhook "check.example.com": failed to call webhook: Post "https://check.tools.svc:443/v?timeout=5s": dial tcp 10.96.1.1:443: connect: connection refused',
      'admission.webhook-unavailable: web cannot create its pods: admission webhook check.example.com does not answer: failed to call webhook: Post "https://check.tools.svc:443/v?timeout=5s": dial tcp 10.96.1.1:443: connect: connection refused.',
      '_/ValidatingWebhookConfiguration/check',
    ],
    [
      'admission webhook "check.example.com" denied the request: images must be signed',
      'admission.webhook-denied: web cannot create its pods: admission webhook check.example.com denies it: images must be signed.',
      '_/ValidatingWebhookConfiguration/check',
    ],
    [
      'pods "web-5d4f-x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true',
      'admission.pod-security: web cannot create its pods: it violates pod security level restricted:latest: runAsNonRoot != true.',
      'market/ReplicaSet/web-5d4f',
    ],
    [
      'pods "web-5d4f-" is forbidden: error looking up service account market/web: serviceaccount "web" not found',
      'admission.serviceaccount-missing: web cannot create its pods: the ServiceAccount web does not exist.',
      'market/ServiceAccount/web',
    ],
    [
      'pods "web-5d4f-" is forbidden: no PriorityClass with name urgent was found',
      'admission.priorityclass-missing: web cannot create its pods: the PriorityClass urgent does not exist.',
      'market/ReplicaSet/web-5d4f',
    ],
    [
      'something nobody has seen before',
      'workload.create-failed: ReplicaSet web-5d4f cannot create a pod: something nobody has seen before.',
      'market/ReplicaSet/web-5d4f',
    ],
  ])('refused: %s', (message, sentence, at) => {
    const world = createWorld();
    const webhooks = [{ name: 'check.example.com', clientConfig: { service: { namespace: 'tools', name: 'check' } } }];
    world.observe(
      '09:00:00',
      object(
        'admissionregistration.k8s.io/v1',
        'ValidatingWebhookConfiguration',
        'check',
        { webhooks },
        { namespace: undefined },
      ),
      { action: 'SYNC' },
    );
    const findings = world.observe('10:00:01', failure(message));
    expect(problems(findings)).toEqual([sentence]);
    const [problem] = entity(findings, 'ReplicaSet').problems;
    expect(problem!.entity.id).toBe(`test/${at}`);
    expect(problem!.semantic.attributes.workload).toBe('web');
  });

  test('whom a workload is configured to call is a relation: Services by the names of cluster DNS, the rest outside', () => {
    const env = [
      { name: 'API', value: 'http://api:8080/v1' },
      { name: 'DB', value: 'postgres://app:[redacted]@db.data.svc.cluster.local/shop' },
      { name: 'PAY', value: 'https://api.pay.example.com' },
      { name: 'LISTEN', value: '0.0.0.0:8080' },
      { name: 'SELF', value: 'http://localhost:9000' },
    ];
    const findings = createWorld().observe(
      '10:00:00',
      deployment({ spec: { template: { spec: { containers: [{ name: 'web', env }] } } } }),
    );
    const calls = entity(findings, 'Deployment').relations.filter(({ type }) => type === 'CALLS');
    expect(calls.map(({ to }) => to)).toEqual([
      'test/market/Service/api',
      'test/data/Service/db',
      'test/_/ExternalEndpoint/api.pay.example.com:443',
    ]);
  });
});

describe('jobs', () => {
  const job = (conditions: object[], status: object = {}, metadata: object = {}) =>
    object('batch/v1', 'Job', 'load', { spec: { backoffLimit: 2 }, status: { conditions, ...status } }, metadata);
  const failed = (reason: string, message = '') => [
    { type: 'Failed', status: 'True', reason, message, lastTransitionTime: '2026-11-24T10:00:00Z' },
  ];

  test('a Job that used up its attempts, or its time', () => {
    const world = createWorld();
    expect(problems(world.observe('10:00:01', job(failed('BackoffLimitExceeded'), { failed: 3 })))).toEqual([
      'job.backoff-limit-exceeded: Job load failed for good: its backoff limit of 2 is reached after 3 failed attempts.',
    ]);
    expect(problems(createWorld().observe('10:00:01', job(failed('DeadlineExceeded'))))).toEqual([
      'job.deadline-exceeded: Job load failed for good: it ran longer than its deadline.',
    ]);
  });

  test('a Job of a CronJob that failed is an event: the next run may do better', () => {
    const owned = job(
      failed('BackoffLimitExceeded'),
      { failed: 3 },
      {
        ownerReferences: [
          { apiVersion: 'batch/v1', kind: 'CronJob', name: 'nightly', uid: 'uid-cron', controller: true },
        ],
      },
    );
    const findings = createWorld().observe('10:00:01', owned);
    expect(problems(findings)).toEqual([]);
    expect(happened(findings)).toHaveLength(1);
  });

  test('a Job that runs and completes is silent, from its creation to the end of its pod', () => {
    const world = createWorld();
    const steps = [
      world.observe('10:00:00', job([], { active: 1 }), { action: 'ADDED' }),
      world.observe(
        '10:00:00.2',
        pod({
          name: 'load-x',
          phase: 'Pending',
          spec: { restartPolicy: 'Never' },
          conditions: [{ type: 'PodScheduled', status: 'True' }],
          podStatus: {
            startTime: '2026-11-24T10:00:00Z',
            containerStatuses: [{ name: 'web', state: { waiting: { reason: 'ContainerCreating' } } }],
          },
        }),
        { action: 'ADDED' },
      ),
      world.observe(
        '10:00:06',
        pod({
          name: 'load-x',
          phase: 'Succeeded',
          spec: { restartPolicy: 'Never' },
          conditions: [{ type: 'Ready', status: 'False', reason: 'PodCompleted' }],
          status: {
            ready: false,
            state: { terminated: { exitCode: 0, reason: 'Completed', finishedAt: '2026-11-24T10:00:06Z' } },
          },
        }),
      ),
      world.observe('10:00:07', job([{ type: 'Complete', status: 'True' }], { succeeded: 1 })),
      world.tick('11:00:00'),
    ];
    expect(steps.flatMap(problems)).toEqual([]);
    expect(steps.flatMap(happened)).toEqual(['change.created: Job load was created.']);
  });
});

describe('nodes', () => {
  const node = (conditions: object[], rest: object = {}) =>
    object('v1', 'Node', 'node-1', { spec: {}, status: { conditions }, ...rest }, { namespace: undefined });

  test.each([
    [
      {
        type: 'Ready',
        status: 'Unknown',
        reason: 'NodeStatusUnknown',
        message: 'Kubelet stopped posting node status.',
      },
      ['node.not-ready: Node node-1 is not ready: its kubelet has stopped reporting.'],
    ],
    [
      { type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: 'container runtime is down' },
      [
        'node.not-ready: Node node-1 is not ready: container runtime is down.',
        'node.runtime-down: The container runtime of node node-1 does not answer: container runtime is down.',
      ],
    ],
    [
      {
        type: 'Ready',
        status: 'False',
        reason: 'KubeletNotReady',
        message:
          'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:cni plugin not initialized',
      },
      [
        'node.not-ready: Node node-1 is not ready: container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:cni plugin not initialized.',
        'node.network-unavailable: The pod network of node node-1 is not set up: container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:cni plugin not initialized.',
      ],
    ],
    [
      { type: 'MemoryPressure', status: 'True', reason: 'KubeletHasInsufficientMemory' },
      ['node.memory-pressure: Node node-1 runs out of memory.'],
    ],
    [
      { type: 'DiskPressure', status: 'True', reason: 'KubeletHasDiskPressure' },
      ['node.disk-pressure: Node node-1 runs out of disk space.'],
    ],
    [
      { type: 'PIDPressure', status: 'True', reason: 'KubeletHasInsufficientPID' },
      ['node.pid-pressure: Node node-1 runs out of process ids.'],
    ],
    [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }, []],
  ])('%j', (condition, sentences) => {
    expect(problems(createWorld().observe('10:00:00', node([condition])))).toEqual(sentences);
  });

  test('a cordon is told with the change that made it', () => {
    const findings = createWorld().observe('10:00:00', node([], { spec: { unschedulable: true } }), {
      changes: [{ path: 'spec.unschedulable', from: null, to: 'true' }],
      changedBy: 'kubectl-cordon',
    });
    expect(problems(findings)).toEqual(['node.cordoned: Node node-1 is cordoned: no new pods are placed on it.']);
    expect(happened(findings)).toEqual([
      'change.spec: Node node-1 was changed by kubectl-cordon: unschedulable was set to true.',
    ]);
  });

  test('another boot id is a reboot', () => {
    const world = createWorld();
    const boot = (bootID: string) => node([], { status: { conditions: [], nodeInfo: { bootID } } });
    world.observe('10:00:00', boot('a'), { action: 'SYNC' });
    expect(happened(world.observe('10:10:00', boot('b')))).toEqual(['node.rebooted: Node node-1 was rebooted.']);
  });

  test("a lease that has run out is the node's silence", () => {
    const lease = object(
      'coordination.k8s.io/v1',
      'Lease',
      'node-1',
      { spec: { holderIdentity: 'node-1', renewTime: '2026-11-24T10:00:00.000000Z', leaseDurationSeconds: 40 } },
      { namespace: 'kube-node-lease' },
    );
    expect(problems(createWorld().observe('10:00:45', lease))).toEqual([
      'node.lease-expired: The kubelet of node node-1 has not renewed its lease for 45 s.',
    ]);
  });
});

describe('services', () => {
  const service = object('v1', 'Service', 'web', {
    spec: { clusterIP: '10.96.0.9', selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  });
  const slice = (ready: boolean | null) =>
    object(
      'discovery.k8s.io/v1',
      'EndpointSlice',
      'web-abc',
      {
        endpoints:
          ready === null
            ? null
            : [
                {
                  addresses: ['10.0.0.7'],
                  conditions: { ready },
                  targetRef: { kind: 'Pod', name: 'web-1', namespace: 'market' },
                },
              ],
        ports: [{ port: 8080 }],
      },
      { labels: { 'kubernetes.io/service-name': 'web' } },
    );

  test('a Service whose last endpoint is lost has none ready, until one is back', () => {
    const world = createWorld();
    world.observe('10:00:00', service, { action: 'SYNC' });
    const first = world.observe('10:00:00', slice(true), { action: 'SYNC' });
    expect(problems(first)).toEqual([]);
    expect(entity(first, 'EndpointSlice').relations).toContainEqual({
      type: 'SELECTS',
      from: 'test/market/Service/web',
      to: 'test/market/Pod/web-1',
    });
    expect(entity(first, 'Service').facts).toMatchObject({
      clusterIP: '10.96.0.9',
      ports: '80:8080',
      targetPorts: '8080',
      readyEndpoints: 1,
    });
    const lost = world.observe('10:01:00', slice(false));
    expect(problems(lost)).toEqual([
      'service.no-ready-endpoints: Service web has no ready endpoint: none of its 1 is ready.',
    ]);
    expect(entity(lost, 'EndpointSlice').relations).toContainEqual({
      type: 'SELECTS',
      from: 'test/market/Service/web',
      to: 'test/market/Pod/web-1',
    });
    expect(problems(world.observe('10:01:05', slice(null)))).toEqual([
      'service.no-ready-endpoints: Service web has no endpoints: no pod serves its selector app=web.',
    ]);
    expect(problems(world.observe('10:01:09', slice(true)))).toEqual([]);
  });

  test('a new Service has a moment to find its pods', () => {
    const world = createWorld();
    world.observe('10:00:00', service, { action: 'ADDED' });
    expect(problems(world.observe('10:00:00.1', slice(null), { action: 'ADDED' }))).toEqual([]);
    expect(problems(world.tick('10:00:16'))).toEqual([
      'service.no-ready-endpoints: Service web has no endpoints: no pod serves its selector app=web.',
    ]);
  });

  test("a Service without a selector that never had an endpoint is nobody's concern", () => {
    const world = createWorld();
    world.observe('10:00:00', object('v1', 'Service', 'web', { spec: { ports: [{ port: 80 }] } }));
    world.observe('10:00:00', slice(null));
    expect(problems(world.tick('10:10:00'))).toEqual([]);
  });

  test('a deleted Service is told', () => {
    const world = createWorld();
    world.observe('10:00:00', service, { action: 'SYNC' });
    expect(happened(world.observe('10:01:00', service, { action: 'DELETED' }))).toEqual([
      'change.deleted: Service web was deleted.',
      'service.deleted: Service web was deleted.',
    ]);
  });
});

describe('storage', () => {
  const claim = (phase: string, spec: object = { storageClassName: 'fast' }) =>
    object('v1', 'PersistentVolumeClaim', 'data', { spec, status: { phase } });
  const about = {
    kind: 'PersistentVolumeClaim',
    namespace: 'market',
    name: 'data',
    uid: 'uid-PersistentVolumeClaim-data',
  };

  test('a pending claim is told when its event gives the reason, and stays told', () => {
    const world = createWorld();
    expect(problems(world.observe('10:00:00', claim('Pending'), { action: 'ADDED' }))).toEqual([]);
    const event = clusterEvent('ProvisioningFailed', 'storageclass.storage.k8s.io "fast" not found', about);
    expect(problems(world.observe('10:00:01', event, { action: 'ADDED' }))).toEqual([
      'pvc.storageclass-not-found: Claim data stays pending: its StorageClass fast does not exist.',
    ]);
    expect(
      problems(world.observe('10:00:20', claim('Bound', { storageClassName: 'fast', volumeName: 'pv-1' }))),
    ).toEqual([]);
  });

  test.each([
    [
      'ProvisioningFailed',
      'failed to provision volume: quota reached',
      'pvc.provisioning-failed: Claim data stays pending: its volume cannot be provisioned: failed to provision volume: quota reached.',
    ],
    [
      'FailedBinding',
      'no persistent volumes available for this claim and no storage class is set',
      'pvc.storageclass-not-found: Claim data stays pending: no volume fits, and no storage class is set to make one.',
    ],
  ])('%s: %s', (reason, message, sentence) => {
    const world = createWorld();
    world.observe('10:00:00', claim('Pending'), { action: 'ADDED' });
    expect(problems(world.observe('10:00:01', clusterEvent(reason, message, about), { action: 'ADDED' }))).toEqual([
      sentence,
    ]);
  });

  test('a claim that waits for its first pod waits by design; one that waits for nothing known is told after a while', () => {
    const waits = createWorld();
    waits.observe('10:00:00', claim('Pending'), { action: 'ADDED' });
    waits.observe(
      '10:00:01',
      clusterEvent('WaitForFirstConsumer', 'waiting for first consumer to be created before binding', about),
      { action: 'ADDED' },
    );
    expect(problems(waits.tick('10:10:00'))).toEqual([]);
    const world = createWorld();
    world.observe('10:00:00', claim('Pending'), { action: 'ADDED' });
    expect(problems(world.tick('10:00:16'))).toEqual([
      'pvc.pending: Claim data is not bound to a volume (class fast).',
    ]);
  });

  test('a claim that lost its volume', () => {
    expect(problems(createWorld().observe('10:00:00', claim('Lost', { volumeName: 'pv-1' })))).toEqual([
      'pvc.lost: Claim data has lost its volume pv-1.',
    ]);
  });
});

describe('autoscalers, policies, custom resources', () => {
  const autoscaler = (condition: object) =>
    object('autoscaling/v2', 'HorizontalPodAutoscaler', 'web', {
      spec: { scaleTargetRef: { kind: 'Deployment', name: 'web' }, maxReplicas: 4 },
      status: { conditions: [{ lastTransitionTime: '2026-11-24T10:00:00Z', ...condition }] },
    });

  test.each([
    [
      { type: 'ScalingLimited', status: 'True', reason: 'TooManyReplicas' },
      '10:00:01',
      'hpa.at-maximum: Autoscaler web wants more than its maximum of 4 replicas.',
    ],
    [
      { type: 'AbleToScale', status: 'False', reason: 'FailedGetScale', message: 'deployments.apps "web" not found' },
      '10:00:01',
      'hpa.target-missing: Autoscaler web cannot find what it scales, Deployment web: deployments.apps "web" not found.',
    ],
    [
      {
        type: 'ScalingActive',
        status: 'False',
        reason: 'FailedGetResourceMetric',
        message: 'missing request for cpu in container web',
      },
      '10:00:50',
      'hpa.requests-missing: Autoscaler web cannot tell how much is used: container web of Deployment web has no request for cpu.',
    ],
  ])('%j', (condition, at, sentence) => {
    expect(problems(createWorld().observe(at, autoscaler(condition)))).toEqual([sentence]);
  });

  test('a quota says what is used, and whom it limits', () => {
    const found = entity(
      createWorld().observe(
        '10:00:00',
        object('v1', 'ResourceQuota', 'small', { status: { hard: { pods: '8' }, used: { pods: '8' } } }),
      ),
      'ResourceQuota',
    );
    expect(found.facts).toEqual({ 'hard.pods': '8', 'used.pods': '8' });
    expect(found.relations).toEqual([
      { type: 'LIMITS', from: 'test/market/ResourceQuota/small', to: 'test/_/Namespace/market' },
    ]);
  });

  test('a disruption budget is in the way only of a node that is being drained', () => {
    const world = createWorld();
    const budget = object('policy/v1', 'PodDisruptionBudget', 'web', {
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
      status: { disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1 },
    });
    const node = (unschedulable: boolean) =>
      object('v1', 'Node', 'node-1', { spec: { unschedulable } }, { namespace: undefined });
    world.observe('10:00:00', node(false), { action: 'SYNC' });
    world.observe('10:00:00', pod(), { action: 'SYNC' });
    world.observe('10:00:00', budget, { action: 'SYNC' });
    expect(problems(world.tick('10:30:00'))).toEqual([]);
    world.observe('10:30:00', node(true));
    expect(problems(world.tick('10:30:31'))).toEqual([
      'pdb.blocks-eviction: PodDisruptionBudget web allows no disruption (1 healthy, 1 wanted), so pod web-1 cannot leave cordoned node node-1.',
    ]);
    expect(problems(world.observe('10:31:00', node(false)))).toEqual([]);
  });

  test('a network policy with an empty selector is about every pod', () => {
    const found = entity(
      createWorld().observe(
        '10:00:00',
        object('networking.k8s.io/v1', 'NetworkPolicy', 'deny', {
          spec: { podSelector: {}, policyTypes: ['Ingress'] },
        }),
      ),
      'NetworkPolicy',
    );
    expect(found.selector).toEqual({});
    expect(found.facts).toMatchObject({ policyTypes: 'Ingress', ingressRules: 0, ingress: '[]' });
  });

  test('a role binding leads from the ServiceAccount to the Role', () => {
    const found = entity(
      createWorld().observe(
        '10:00:00',
        object('rbac.authorization.k8s.io/v1', 'RoleBinding', 'reads', {
          roleRef: { kind: 'Role', name: 'reader' },
          subjects: [{ kind: 'ServiceAccount', name: 'web' }],
        }),
      ),
      'RoleBinding',
    );
    expect(found.relations).toEqual([
      { type: 'USES', from: 'test/market/RoleBinding/reads', to: 'test/market/Role/reader' },
      { type: 'USES', from: 'test/market/ServiceAccount/web', to: 'test/market/RoleBinding/reads' },
    ]);
  });

  test('a ConfigMap tells whom its readers are to call', () => {
    const found = entity(
      createWorld().observe(
        '10:00:00',
        object('v1', 'ConfigMap', 'web-config', { data: { API_URL: 'http://api:8080', NOTE: 'see server.mjs:12' } }),
      ),
      'ConfigMap',
    );
    expect(found.relations).toEqual([
      { type: 'CALLS', from: 'test/market/ConfigMap/web-config', to: 'test/market/Service/api' },
    ]);
  });

  test('any other object speaks by its conditions, if they last', () => {
    const world = createWorld();
    const certificate = (status: string) =>
      object('cert-manager.io/v1', 'Certificate', 'tls', {
        status: {
          conditions: [
            {
              type: 'Ready',
              status,
              reason: 'Failed',
              message: 'The certificate request was denied',
              lastTransitionTime: '2026-11-24T10:00:00Z',
            },
          ],
        },
      });
    expect(problems(world.observe('10:00:01', certificate('False')))).toEqual([]);
    expect(problems(world.tick('10:00:15'))).toEqual([
      'object.condition-failed: Certificate tls is not ready: The certificate request was denied.',
    ]);
    expect(problems(world.observe('10:00:20', certificate('True')))).toEqual([]);
  });

  test('an object that finalizers hold is told two minutes after it should have been gone', () => {
    const world = createWorld();
    expect(
      problems(
        world.observe(
          '10:00:00',
          object(
            'v1',
            'ConfigMap',
            'web-config',
            {},
            { deletionTimestamp: '2026-11-24T10:00:00Z', finalizers: ['example.com/keep'] },
          ),
        ),
      ),
    ).toEqual([]);
    expect(problems(world.tick('10:02:00'))).toEqual([
      'object.finalizer-stuck: ConfigMap web-config has been terminating for 2 min; finalizers hold it: example.com/keep.',
    ]);
  });
});
