import { condition, object, service, endpointSlice, workload } from './objects.js';
import { refused, unschedulable, waitingPod } from './pending.js';
import type { Category } from '../../../src/model/categories.js';
import type { Scenario } from './scenario.js';
import type { World } from './world.js';

const noVictims = 'preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.';
const notHelpful = 'preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.';

/** A row whose cause is what the scheduler says of one more pod of cart; the near miss says something else. */
function placing(id: string, category: Category, says: string, nearMiss: string, podSpec: object = {}): Scenario {
  return {
    id,
    expect: { category: [category], on: ['Deployment/shop/cart'] },
    play(w) {
      w.at(30);
      unschedulable(w, 'Deployment/shop/cart', `0/2 nodes are available: ${says}. ${notHelpful}`, podSpec);
      w.at(60);
    },
    guard(w) {
      w.at(30);
      unschedulable(w, 'Deployment/shop/cart', `0/2 nodes are available: ${nearMiss}. ${notHelpful}`, podSpec);
      w.at(60);
    },
  };
}

/** A row whose cause is why the API server refuses one more pod of cart. */
function refusing(
  id: string,
  expect: Exclude<Scenario['expect'], string>,
  says: string,
  nearMiss: string,
  before: (w: World) => void = () => undefined,
): Scenario {
  const tell =
    (message: string) =>
    (w: World): void => {
      before(w);
      w.at(30);
      refused(w, 'Deployment/shop/cart', message);
      w.at(60);
    };
  return { id, expect, play: tell(says), guard: tell(nearMiss) };
}

/** A validating webhook of failurePolicy Fail, with its backend of two ready pods. */
function policyWebhook(w: World): void {
  w.create(object('v1', 'Namespace', null, 'policy', { status: { phase: 'Active' } }));
  w.create(workload({ name: 'policy', namespace: 'policy' }));
  const backend = service('policy', 'policy', 443, '10.96.0.61', { selector: { app: 'policy' } });
  w.create(backend);
  w.create({
    ...endpointSlice(backend, 8443),
    endpoints: ['10.244.1.91', '10.244.2.91'].map((address) => ({
      addresses: [address],
      conditions: { ready: true, serving: true, terminating: false },
    })),
  });
  w.create(
    object('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', null, 'policy', {
      webhooks: [
        {
          name: 'validate.policy.example.com',
          failurePolicy: 'Fail',
          timeoutSeconds: 10,
          clientConfig: { service: { namespace: 'policy', name: 'policy', path: '/validate', port: 443 } },
          rules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['CREATE'], resources: ['pods'] }],
        },
      ],
    }),
  );
}

const calling =
  'Internal error occurred: failed calling webhook "validate.policy.example.com": failed to call webhook: ';
const post = 'Post "https://policy.policy.svc:443/validate?timeout=10s": ';

function cordon(w: World, node: string): void {
  w.patch(
    `Node/${node}`,
    {
      spec: {
        unschedulable: true,
        taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule', timeAdded: w.clock() }],
      },
    },
    'kubectl-cordon',
  );
}

/** Why a pod is not created or finds no node. */
export const scenarios: readonly Scenario[] = [
  placing(
    'C01',
    'scheduling.insufficient-resources',
    '1 Insufficient memory, 2 Insufficient cpu',
    "2 node(s) didn't match Pod's node affinity/selector",
  ),
  {
    id: 'C02',
    expect: { category: ['scheduling.untolerated-taint'], on: ['Node/*', 'Deployment/shop/cart'] },
    play(w) {
      w.at(30);
      for (const node of ['n1', 'n2'])
        w.patch(
          `Node/${node}`,
          { spec: { taints: [{ key: 'dedicated', value: 'batch', effect: 'NoSchedule' }] } },
          'kubectl-taint',
        );
      w.at(40);
      unschedulable(
        w,
        'Deployment/shop/cart',
        `0/2 nodes are available: 2 node(s) had untolerated taint {dedicated: batch}. ${notHelpful}`,
      );
      w.at(70);
    },
    guard(w) {
      w.at(30);
      // The taint is there; the pod tolerates it and lacks room.
      w.patch('Node/n1', { spec: { taints: [{ key: 'dedicated', value: 'batch', effect: 'NoSchedule' }] } });
      w.at(40);
      unschedulable(w, 'Deployment/shop/cart', `0/2 nodes are available: 2 Insufficient memory. ${noVictims}`);
      w.at(70);
    },
  },
  placing(
    'C03',
    'scheduling.node-affinity',
    "2 node(s) didn't match Pod's node affinity/selector",
    '2 Insufficient cpu',
    { nodeSelector: { disktype: 'nvme' } },
  ),
  placing(
    'C04',
    'scheduling.anti-affinity',
    "2 node(s) didn't match pod anti-affinity rules",
    "2 node(s) didn't match pod topology spread constraints",
  ),
  placing(
    'C05',
    'scheduling.topology-spread',
    "2 node(s) didn't match pod topology spread constraints",
    "2 node(s) didn't match pod anti-affinity rules",
  ),
  placing(
    'C06',
    'scheduling.host-port-conflict',
    "2 node(s) didn't have free ports for the requested pod ports",
    '2 Too many pods',
  ),
  placing('C07', 'scheduling.too-many-pods', '2 Too many pods', '2 Insufficient memory'),
  placing(
    'C08',
    'scheduling.volume-node-conflict',
    '2 node(s) had volume node affinity conflict',
    '2 node(s) exceed max volume count',
  ),
  {
    id: 'C09',
    expect: {
      category: ['pvc.pending', 'pvc.provisioning-failed'],
      on: ['PersistentVolumeClaim/shop/data-db-1'],
    },
    play(w) {
      w.at(30);
      w.evidence(() =>
        w.create(
          object(
            'v1',
            'PersistentVolumeClaim',
            'shop',
            'data-db-1',
            {
              spec: { storageClassName: 'standard', resources: { requests: { storage: '10Gi' } } },
              status: { phase: 'Pending' },
            },
            { creationTimestamp: w.clock() },
          ),
        ),
      );
      w.evidence(() =>
        w.event(
          'ExternalProvisioning',
          'PersistentVolumeClaim/shop/data-db-1',
          "Waiting for a volume to be created either by the external provisioner 'ebs.csi.aws.com' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.",
          { type: 'Normal', component: 'persistentvolume-controller' },
        ),
      );
      unschedulable(
        w,
        'StatefulSet/shop/db',
        `0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. ${notHelpful}`,
        { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data-db-1' } }] },
      );
      w.at(90);
    },
    guard(w) {
      w.at(30);
      // The claim is bound, to where no node is.
      w.create(
        object('v1', 'PersistentVolumeClaim', 'shop', 'data-db-1', {
          spec: { storageClassName: 'standard', volumeName: 'pv-db-1' },
          status: { phase: 'Bound' },
        }),
      );
      unschedulable(
        w,
        'StatefulSet/shop/db',
        `0/2 nodes are available: 2 node(s) had volume node affinity conflict. ${notHelpful}`,
        { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data-db-1' } }] },
      );
      w.at(90);
    },
  },
  {
    ...placing('C10', 'scheduling.insufficient-resources', '2 Insufficient nvidia.com/gpu', '2 Insufficient memory', {
      containers: [{ name: 'cart', resources: { requests: { 'nvidia.com/gpu': '1' } } }],
    }),
    expect: {
      category: ['scheduling.insufficient-resources'],
      on: ['Deployment/shop/cart'],
      says: /no node offers one that is free: 2 Insufficient nvidia\.com\/gpu/,
    },
  },
  refusing(
    'C11',
    { category: ['quota.exceeded'], on: ['ResourceQuota/shop/compute'] },
    'pods "cart-5f7b9-c" is forbidden: exceeded quota: compute, requested: requests.cpu=100m, used: requests.cpu=4, limited: requests.cpu=4',
    'pods "cart-5f7b9-c" is forbidden: failed quota: compute: must specify requests.cpu for: cart',
    (w) =>
      void w.create(
        object('v1', 'ResourceQuota', 'shop', 'compute', {
          spec: { hard: { 'requests.cpu': '4' } },
          status: { hard: { 'requests.cpu': '4' }, used: { 'requests.cpu': '4' } },
        }),
      ),
  ),
  refusing(
    'C12',
    { category: ['quota.requests-missing'], on: ['ResourceQuota/shop/compute'] },
    'pods "cart-5f7b9-c" is forbidden: failed quota: compute: must specify requests.cpu for: cart; requests.memory for: cart',
    'pods "cart-5f7b9-c" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=12, limited: pods=12',
    (w) =>
      void w.create(
        object('v1', 'ResourceQuota', 'shop', 'compute', { spec: { hard: { 'requests.cpu': '8', pods: '12' } } }),
      ),
  ),
  refusing(
    'C13',
    { category: ['limitrange.violated'], on: ['Deployment/shop/cart'] },
    'pods "cart-5f7b9-c" is forbidden: maximum memory usage per Container is 128Mi, but limit is 256Mi',
    'pods "cart-5f7b9-c" is forbidden: exceeded quota: compute, requested: limits.memory=256Mi, used: limits.memory=4Gi, limited: limits.memory=4Gi',
    (w) =>
      void w.create(
        object('v1', 'LimitRange', 'shop', 'bounds', {
          spec: { limits: [{ type: 'Container', max: { memory: '128Mi' } }] },
        }),
      ),
  ),
  refusing(
    'C14',
    { category: ['admission.webhook-denied'], on: ['ValidatingWebhookConfiguration/policy'] },
    'admission webhook "validate.policy.example.com" denied the request: image registry.example.com/shop/cart:1.4.2 is not signed',
    `${calling}${post}dial tcp 10.96.0.61:443: connect: connection refused`,
    policyWebhook,
  ),
  refusing(
    'C15',
    { category: ['admission.webhook-unavailable'], on: ['ValidatingWebhookConfiguration/policy'] },
    `${calling}${post}dial tcp 10.96.0.61:443: connect: connection refused`,
    'admission webhook "validate.policy.example.com" denied the request: hostPath volumes are not allowed',
    policyWebhook,
  ),
  refusing(
    'C16',
    { category: ['admission.webhook-slow'], on: ['ValidatingWebhookConfiguration/policy'] },
    `${calling}${post}context deadline exceeded`,
    `${calling}${post}no endpoints available for service "policy"`,
    policyWebhook,
  ),
  refusing(
    'C17',
    { category: ['admission.pod-security'], on: ['Deployment/shop/cart'] },
    'pods "cart-5f7b9-c" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "cart" must set securityContext.allowPrivilegeEscalation=false), runAsNonRoot != true (pod or container "cart" must set securityContext.runAsNonRoot=true)',
    'admission webhook "validate.policy.example.com" denied the request: runAsNonRoot must be true',
    (w) =>
      w.patch(
        'Namespace/shop',
        { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } },
        'kubectl-label',
      ),
  ),
  refusing(
    'C18',
    { category: ['admission.serviceaccount-missing'], on: ['ServiceAccount/shop/cart'] },
    'pods "cart-5f7b9-" is forbidden: error looking up service account shop/cart: serviceaccount "cart" not found',
    'pods "cart-5f7b9-" is forbidden: no PriorityClass with name cart was found',
  ),
  {
    id: 'C19',
    expect: { category: ['pod.preempted'], on: ['Deployment/shop/cart'] },
    play(w) {
      w.at(30);
      const [pod] = w.pods('Deployment/shop/cart') as [string];
      w.evidence(() => {
        w.patch(pod, {
          status: {
            conditions: [
              condition(
                'DisruptionTarget',
                true,
                'PreemptionByScheduler',
                w.clock(),
                'default-scheduler: preempting to accommodate a higher priority pod',
              ),
            ],
          },
        });
        w.event('Preempted', pod, 'Preempted by pod 6f7a1c0e-8a4b-4d07-9a51-2f6f3f0c1d11 on node n1', {
          type: 'Normal',
          component: 'default-scheduler',
        });
      });
      w.patch(pod, { metadata: { deletionTimestamp: w.clock(-30), deletionGracePeriodSeconds: 30 } });
      w.at(32);
      w.remove(pod);
      unschedulable(w, 'Deployment/shop/cart', `0/2 nodes are available: 2 Insufficient memory. ${noVictims}`);
      w.at(60);
    },
    guard(w) {
      w.at(30);
      const [pod] = w.pods('Deployment/shop/cart') as [string];
      // Evicted by the kubelet: the node, and nobody's priority.
      w.patch(pod, {
        status: {
          phase: 'Failed',
          reason: 'Evicted',
          message: 'The node was low on resource: memory. Threshold quantity: 100Mi, available: 92Mi.',
          conditions: [condition('DisruptionTarget', true, 'TerminationByKubelet', w.clock())],
        },
      });
      w.at(60);
    },
  },
  refusing(
    'C20',
    { category: ['admission.priorityclass-missing'], on: ['Deployment/shop/cart'] },
    'pods "cart-5f7b9-" is forbidden: no PriorityClass with name shop-critical was found',
    'pods "cart-5f7b9-" is forbidden: pod rejected: RuntimeClass "gvisor" not found',
  ),
  refusing(
    'C21',
    { category: ['admission.runtimeclass-missing'], on: ['Deployment/shop/cart'] },
    'pods "cart-5f7b9-" is forbidden: pod rejected: RuntimeClass "gvisor" not found',
    'pods "cart-5f7b9-" is forbidden: no PriorityClass with name shop-critical was found',
  ),
  {
    id: 'C22',
    expect: { category: ['scheduling.gated'], on: ['Deployment/shop/cart'] },
    play(w) {
      w.at(30);
      const pod = waitingPod(w, 'Deployment/shop/cart', { schedulingGates: [{ name: 'kueue.x-k8s.io/admission' }] });
      w.evidence(() =>
        w.patch(pod, {
          status: {
            conditions: [
              condition(
                'PodScheduled',
                false,
                'SchedulingGated',
                w.clock(),
                'Scheduling is blocked due to non-empty scheduling gates',
              ),
            ],
          },
        }),
      );
      w.at(90);
    },
    guard(w) {
      w.at(30);
      const pod = waitingPod(w, 'Deployment/shop/cart', { schedulingGates: [{ name: 'kueue.x-k8s.io/admission' }] });
      w.patch(pod, { status: { conditions: [condition('PodScheduled', false, 'SchedulingGated', w.clock())] } });
      // Kueue admits it ten seconds later.
      w.at(40);
      w.patch(pod, {
        spec: { nodeName: 'n1' },
        status: {
          startTime: w.clock(),
          podIP: '10.244.1.99',
          conditions: [condition('PodScheduled', true, '', w.clock())],
        },
      });
      w.at(43);
      w.ready(pod);
      w.at(90);
    },
  },
  {
    id: 'C23',
    expect: { category: ['scheduling.no-scale-up'], on: ['Deployment/shop/cart'] },
    play(w) {
      w.at(30);
      const pod = unschedulable(w, 'Deployment/shop/cart', `0/2 nodes are available: 2 Insufficient cpu. ${noVictims}`);
      w.at(42);
      w.evidence(() =>
        w.event('NotTriggerScaleUp', pod, "pod didn't trigger scale-up: 1 max node group size reached", {
          type: 'Normal',
          component: 'cluster-autoscaler',
        }),
      );
      w.at(80);
    },
    guard(w) {
      w.at(30);
      const pod = unschedulable(
        w,
        'Deployment/shop/cart',
        `0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector. ${notHelpful}`,
      );
      w.at(42);
      w.event(
        'NotTriggerScaleUp',
        pod,
        "pod didn't trigger scale-up: 1 node(s) didn't match Pod's node affinity/selector",
        { type: 'Normal', component: 'cluster-autoscaler' },
      );
      w.at(80);
    },
  },
  {
    id: 'C24',
    expect: { category: ['scheduling.node-not-found'], on: ['Deployment/shop/cart'] },
    play(w) {
      w.at(30);
      w.evidence(() => waitingPod(w, 'Deployment/shop/cart', { nodeName: 'n9' }));
      w.at(80);
    },
    guard(w) {
      w.at(30);
      // Pinned just so, to a node that is there.
      const pod = waitingPod(w, 'Deployment/shop/cart', { nodeName: 'n2' });
      w.at(33);
      w.patch(pod, { status: { startTime: w.clock(), podIP: '10.244.2.99' } });
      w.at(35);
      w.ready(pod);
      w.at(80);
    },
  },
  {
    id: 'C25',
    expect: {
      category: ['node.cordoned', 'scheduling.node-unschedulable'],
      on: ['Node/*', 'Deployment/shop/cart'],
    },
    play(w) {
      w.at(20);
      cordon(w, 'n1');
      cordon(w, 'n2');
      w.at(40);
      unschedulable(w, 'Deployment/shop/cart', `0/2 nodes are available: 2 node(s) were unschedulable. ${notHelpful}`);
      w.at(80);
    },
    guard(w) {
      w.at(20);
      cordon(w, 'n1');
      w.at(40);
      // The other node takes pods, and has no room.
      unschedulable(
        w,
        'Deployment/shop/cart',
        `0/2 nodes are available: 1 Insufficient memory, 1 node(s) were unschedulable. ${noVictims}`,
      );
      w.at(80);
    },
  },
];
