import { agent, evicted, goesSilent, markedUnready, podsOn, pressure, reportsNotReady } from './nodes.js';
import type { Scenario } from './scenario.js';

const onNode = ['Node/n1'];
const sandbox = (reason: string): string =>
  `Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "4a1c": ${reason}`;

/** What runs nodes: the kubelet, the container runtime, their resources, and the agents that all pods need. */
export const scenarios: readonly Scenario[] = [
  {
    id: 'E01',
    expect: { category: ['node.not-ready'], on: onNode },
    play(w) {
      w.evidence(() => goesSilent(w, 'n1', 30));
      w.at(80);
      w.log('Pod/shop/frontend-5f7b9-b', 'cart call failed: connect ETIMEDOUT 10.96.0.22:7070', 'error');
    },
    guard(w) {
      // One pod is not ready; its node reports as ever.
      w.at(70);
      w.notReady('Pod/shop/cart-5f7b9-a');
    },
  },
  {
    id: 'E02',
    expect: { category: ['node.kubelet-down'], on: onNode },
    play(w) {
      for (let count = 1; count <= 6; count++) {
        w.at(20 + 11 * count);
        w.entry(
          'n1',
          'E1124 10:00:31.021433    9214 run.go:72] "command failed" err="failed to run Kubelet: running with swap on is not supported, please disable swap"',
          { unit: 'kubelet.service', identifier: 'kubelet', priority: 3 },
        );
        w.evidence(() => {
          w.entry('n1', 'kubelet.service: Main process exited, code=exited, status=1/FAILURE', {
            unit: 'kubelet.service',
            identifier: 'systemd',
          });
          w.entry('n1', `kubelet.service: Scheduled restart job, restart counter is at ${count}.`, {
            unit: 'kubelet.service',
            identifier: 'systemd',
            priority: 6,
          });
        });
      }
      goesSilent(w, 'n1', 90);
    },
    guard(w) {
      // Restarted once, for an upgrade.
      w.at(30);
      w.entry('n1', 'kubelet.service: Scheduled restart job, restart counter is at 1.', {
        unit: 'kubelet.service',
        identifier: 'systemd',
        priority: 6,
      });
      w.entry('n1', 'Started kubelet.service - kubelet: The Kubernetes Node Agent.', {
        unit: 'kubelet.service',
        identifier: 'systemd',
        priority: 6,
      });
      w.event('Starting', 'Node/n1', 'Starting kubelet.', { type: 'Normal' });
    },
  },
  {
    id: 'E03',
    expect: { category: ['node.runtime-down'], on: onNode },
    play(w) {
      w.at(30);
      w.evidence(() => w.unit('n1', 'containerd.service', 'failed', "Failed with result 'watchdog'."));
      w.at(60);
      w.evidence(() =>
        reportsNotReady(
          w,
          'n1',
          'container runtime is down, PLEG is not healthy: pleg was last seen active 3m4.1s ago; threshold is 3m0s',
        ),
      );
      for (const pod of podsOn('n1')) markedUnready(w, pod);
      w.at(70);
      w.rollout('Deployment/shop/cart', {
        spec: { containers: [{ name: 'cart', image: 'registry.example.com/shop/cart:1.5.0' }] },
      });
    },
    guard(w) {
      // Another unit of the node.
      w.at(30);
      w.unit('n1', 'logrotate.service', 'failed', "Failed with result 'exit-code'.");
      w.at(60);
      w.notReady('Pod/shop/cart-5f7b9-a');
    },
  },
  {
    id: 'E04',
    expect: { category: ['node.memory-pressure'], on: onNode },
    play(w) {
      w.at(30);
      w.evidence(() => {
        w.event('EvictionThresholdMet', 'Node/n1', 'Attempting to reclaim memory');
        pressure(
          w,
          'n1',
          'MemoryPressure',
          'KubeletHasInsufficientMemory',
          'kubelet has insufficient memory available',
        );
      });
      w.at(36);
      for (const pod of ['cart', 'catalog'])
        evicted(
          w,
          `Pod/shop/${pod}-5f7b9-a`,
          `The node was low on resource: memory. Threshold quantity: 100Mi, available: 61Mi. Container ${pod} was using 1240Mi, request is 128Mi, has larger consumption of memory.`,
        );
    },
    guard(w) {
      // A pod that outgrew its own limit of local storage, on a node that is well.
      w.at(36);
      evicted(
        w,
        'Pod/shop/cart-5f7b9-a',
        'Pod ephemeral local storage usage exceeds the total limit of containers 1Gi. ',
      );
    },
  },
  {
    id: 'E05',
    expect: { category: ['node.disk-pressure'], on: onNode },
    play(w) {
      w.at(30);
      w.evidence(() => {
        w.event(
          'FreeDiskSpaceFailed',
          'Node/n1',
          'Failed to garbage collect required amount of images. Attempted to free 4831838208 bytes, but only found 0 bytes eligible to free.',
        );
        w.event('EvictionThresholdMet', 'Node/n1', 'Attempting to reclaim ephemeral-storage');
        pressure(w, 'n1', 'DiskPressure', 'KubeletHasDiskPressure', 'kubelet has disk pressure');
      });
      w.at(38);
      evicted(
        w,
        'Pod/shop/catalog-5f7b9-a',
        'The node was low on resource: ephemeral-storage. Threshold quantity: 5252Mi, available: 3911Mi. Container catalog was using 17Gi, request is 0, has larger consumption of ephemeral-storage.',
      );
    },
    guard(w) {
      w.at(30);
      w.log('Pod/shop/catalog-5f7b9-a', "Error: ENOSPC: no space left on device, write '/tmp/export.csv'", 'error');
      w.at(34);
      w.crashes('Pod/shop/catalog-5f7b9-a', { exitCode: 1 });
    },
  },
  {
    id: 'E06',
    expect: { category: ['node.pid-pressure'], on: onNode },
    play(w) {
      w.at(30);
      w.evidence(() =>
        pressure(w, 'n1', 'PIDPressure', 'KubeletHasInsufficientPID', 'kubelet has insufficient PID available'),
      );
      w.at(35);
      evicted(
        w,
        'Pod/shop/checkout-5f7b9-a',
        'The node was low on resource: pids. Threshold quantity: 10%, available: 4%. ',
      );
    },
    guard(w) {
      // The pod's own limit of processes.
      w.at(30);
      w.entry(
        'n1',
        `cgroup: fork rejected by pids controller in /kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod00000000_0000_4000_8000_000000000001.slice`,
        { priority: 6 },
      );
      w.log('Pod/shop/checkout-5f7b9-a', 'sh: fork: Resource temporarily unavailable', 'error');
    },
  },
  {
    id: 'E21',
    expect: {
      category: ['container.crash-loop', 'container.terminated', 'log.fatal', 'node.network-unavailable'],
      on: ['DaemonSet/kube-system/calico-node', 'Node/n1'],
    },
    play(w) {
      agent(w, 'calico-node', 'docker.io/calico/node:v3.29.1');
      w.at(30);
      w.evidence(() => {
        w.log(
          'Pod/kube-system/calico-node-n1',
          '2026-11-24 10:00:30.112 [FATAL][1] startup/startup.go 147: Unable to autodetect an IPv4 address',
          'fatal',
        );
        w.crashes('Pod/kube-system/calico-node-n1', { exitCode: 1 });
      });
      w.at(40);
      w.evidence(() =>
        reportsNotReady(
          w,
          'n1',
          'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized',
        ),
      );
      const pod = w.rollout('Deployment/shop/cart', {
        spec: { containers: [{ name: 'cart', image: 'registry.example.com/shop/cart:1.5.0' }] },
      });
      w.at(45);
      w.event(
        'FailedCreatePodSandBox',
        pod,
        sandbox(
          'plugin type="calico" failed (add): stat /var/lib/calico/nodename: no such file or directory: check that the calico/node container is running and has mounted /var/lib/calico/',
        ),
      );
    },
    guard(w) {
      agent(w, 'calico-node', 'docker.io/calico/node:v3.29.1');
      w.at(40);
      reportsNotReady(w, 'n1', 'container runtime is down');
    },
  },
  {
    id: 'E22',
    expect: { category: ['node.pod-ips-exhausted'], on: onNode },
    play(w) {
      w.at(30);
      const pod = w.rollout('Deployment/shop/cart', {
        spec: { containers: [{ name: 'cart', image: 'registry.example.com/shop/cart:1.5.0' }] },
      });
      for (const at of [33, 46, 60]) {
        w.at(at);
        w.evidence(() =>
          w.event(
            'FailedCreatePodSandBox',
            pod,
            sandbox(
              'plugin type="aws-cni" name="aws-cni" failed (add): add cmd: failed to assign an IP address to container',
            ),
            { count: at - 32 },
          ),
        );
      }
    },
    guard(w) {
      w.at(30);
      const pod = w.rollout('Deployment/shop/cart', {
        spec: { containers: [{ name: 'cart', image: 'registry.example.com/shop/cart:1.5.0' }] },
      });
      for (const at of [33, 46, 60]) {
        w.at(at);
        w.event(
          'FailedCreatePodSandBox',
          pod,
          sandbox(
            'plugin type="calico" failed (add): error getting ClusterInformation: connection is unauthorized: Unauthorized',
          ),
        );
      }
    },
  },
  {
    id: 'E23',
    expect: { category: ['pod.sandbox-changed'], on: ['Deployment/shop/cart'] },
    play(w) {
      for (const [at, count] of [
        [30, 1],
        [55, 2],
        [80, 3],
        [105, 4],
      ] as const) {
        w.at(at);
        w.evidence(() =>
          w.event('SandboxChanged', 'Pod/shop/cart-5f7b9-a', 'Pod sandbox changed, it will be killed and re-created.', {
            type: 'Normal',
            count,
          }),
        );
        w.restarts('Pod/shop/cart-5f7b9-a', { exitCode: 137 });
        w.at(at + 12);
        w.ready('Pod/shop/cart-5f7b9-a');
      }
    },
    guard(w) {
      w.at(30);
      w.event('SandboxChanged', 'Pod/shop/cart-5f7b9-a', 'Pod sandbox changed, it will be killed and re-created.', {
        type: 'Normal',
      });
      w.restarts('Pod/shop/cart-5f7b9-a', { exitCode: 137 });
      w.at(42);
      w.ready('Pod/shop/cart-5f7b9-a');
    },
  },
  {
    id: 'E24',
    expect: {
      category: ['container.crash-loop', 'container.terminated', 'log.fatal', 'node.agent-down'],
      on: ['DaemonSet/kube-system/cilium', 'Node/n1'],
    },
    play(w) {
      agent(w, 'cilium', 'quay.io/cilium/cilium:v1.16.4');
      w.at(30);
      w.evidence(() => {
        w.log(
          'Pod/kube-system/cilium-n1',
          'level=fatal msg="failed to start: daemon creation failed: unable to initialize kernel datapath"',
          'fatal',
        );
        w.crashes('Pod/kube-system/cilium-n1', { exitCode: 1 });
      });
      for (const at of [40, 46, 53]) {
        w.at(at);
        w.log('Pod/shop/cart-5f7b9-a', 'cache call failed: connect EHOSTUNREACH 10.96.0.26:6379', 'error');
        w.log('Pod/shop/checkout-5f7b9-a', 'payment call failed: connect ETIMEDOUT 10.96.0.25:50051', 'error');
        w.log('Pod/shop/catalog-5f7b9-a', 'db call failed: connect ETIMEDOUT 10.96.0.27:5432', 'error');
      }
      w.notReady('Pod/shop/cart-5f7b9-a');
      w.notReady('Pod/shop/catalog-5f7b9-a');
    },
    guard(w) {
      // The agent is well: the calls fail for another reason.
      agent(w, 'cilium', 'quay.io/cilium/cilium:v1.16.4');
      w.at(40);
      w.crashes('Pod/shop/cache-5f7b9-a', { exitCode: 1 });
      w.log('Pod/shop/cart-5f7b9-a', 'cache call failed: connect ECONNREFUSED 10.96.0.26:6379', 'error');
    },
  },
  {
    id: 'E25',
    expect: { category: ['node.proxy-stale', 'node.agent-down'], on: onNode },
    play(w) {
      agent(w, 'kube-proxy', 'registry.k8s.io/kube-proxy:v1.33.4');
      for (const at of [30, 36, 42, 48]) {
        w.at(at);
        w.evidence(() =>
          w.log(
            'Pod/kube-system/kube-proxy-n1',
            'E1124 10:00:30.441200       1 proxier.go:1564] "Failed to execute iptables-restore" err="exit status 4: Another app is currently holding the xtables lock. Perhaps you want to use the -w option?"',
            'error',
          ),
        );
        w.log('Pod/shop/frontend-5f7b9-a', 'cart call failed: connect EHOSTUNREACH 10.96.0.22:7070', 'error');
        w.log('Pod/shop/checkout-5f7b9-a', 'cart call failed: connect EHOSTUNREACH 10.96.0.22:7070', 'error');
      }
    },
    guard(w) {
      agent(w, 'kube-proxy', 'registry.k8s.io/kube-proxy:v1.33.4');
      w.at(30);
      w.log(
        'Pod/kube-system/kube-proxy-n1',
        'I1124 10:00:30.441200       1 proxier.go:820] "SyncProxyRules complete" elapsed="52.1ms"',
        'info',
      );
      w.crashes('Pod/shop/cache-5f7b9-a', { exitCode: 1 });
    },
  },
  {
    id: 'E26',
    expect: { category: ['node.kubelet-certificate-expired'], on: onNode },
    play(w) {
      for (const at of [30, 37, 44]) {
        w.at(at);
        w.evidence(() =>
          w.entry(
            'n1',
            'E1124 10:00:30.771190    1021 kubelet_node_status.go:549] "Error updating node status, will retry" err="error getting node \\"n1\\": Get \\"https://10.0.0.1:6443/api/v1/nodes/n1\\": x509: certificate has expired or is not yet valid: current time 2026-11-24T10:00:30Z is after 2026-11-24T10:00:00Z"',
            { unit: 'kubelet.service', identifier: 'kubelet', priority: 3 },
          ),
        );
      }
      goesSilent(w, 'n1', 30);
    },
    guard(w) {
      w.at(30);
      w.entry(
        'n1',
        'E1124 10:00:30.771190    1021 kubelet_node_status.go:549] "Error updating node status, will retry" err="error getting node \\"n1\\": Get \\"https://10.0.0.1:6443/api/v1/nodes/n1\\": dial tcp 10.0.0.1:6443: i/o timeout"',
        { unit: 'kubelet.service', identifier: 'kubelet', priority: 3 },
      );
      goesSilent(w, 'n1', 30);
    },
  },
  {
    id: 'E27',
    expect: { category: ['node.inotify-exhausted'], on: onNode },
    play(w) {
      for (const at of [30, 36, 42]) {
        w.at(at);
        w.evidence(() => {
          w.log('Pod/shop/catalog-5f7b9-a', 'failed to create fsnotify watcher: too many open files', 'error');
          w.entry(
            'n1',
            'E1124 10:00:30.000000 1021 watcher_linux.go:52] inotify_add_watch /sys/fs/cgroup/kubepods.slice: no space left on device',
            { unit: 'kubelet.service', identifier: 'kubelet', priority: 3 },
          );
        });
      }
      w.at(45);
      w.crashes('Pod/shop/catalog-5f7b9-a', { exitCode: 1 });
    },
    guard(w) {
      // Open files of the process, not watches of the node.
      for (const at of [30, 36, 42]) {
        w.at(at);
        w.log('Pod/shop/catalog-5f7b9-a', 'accept tcp [::]:3550: accept4: too many open files', 'error');
      }
      w.crashes('Pod/shop/catalog-5f7b9-a', { exitCode: 1 });
    },
  },
  {
    id: 'E33',
    expect: { category: ['node.image-store-corrupt'], on: onNode },
    play(w) {
      w.at(30);
      const pod = w.rollout('Deployment/shop/cart', {
        spec: { containers: [{ name: 'cart', image: 'registry.example.com/shop/cart:1.5.0' }] },
      });
      for (const at of [33, 44, 58]) {
        w.at(at);
        w.evidence(() =>
          w.entry(
            'n1',
            'level=error msg="PullImage \\"registry.example.com/shop/cart:1.5.0\\" failed" error="failed to pull and unpack image: content digest sha256:4d1f2a7c: not found"',
            { unit: 'containerd.service', identifier: 'containerd', priority: 3 },
          ),
        );
        w.waiting(
          pod,
          'CreateContainerError',
          'failed to create containerd container: error unpacking image: content digest sha256:4d1f2a7c: not found',
        );
      }
    },
    guard(w) {
      w.at(30);
      const pod = w.rollout('Deployment/shop/cart', {
        spec: { containers: [{ name: 'cart', image: 'registry.example.com/shop/cart:1.5.0' }] },
      });
      w.at(33);
      w.waiting(
        pod,
        'ErrImagePull',
        'failed to pull and unpack image "registry.example.com/shop/cart:1.5.0": failed to resolve reference "registry.example.com/shop/cart:1.5.0": registry.example.com/shop/cart:1.5.0: not found',
      );
    },
  },
];
