import type { Scenario } from './scenario.js';
import type { End, World } from './world.js';

const cart = 'Pod/shop/cart-5f7b9-a';
const deployment = ['Deployment/shop/cart'];

/** Crashes of cart's first pod, each some time after the last; what it writes before it dies, and what the kernel sees of it. */
function crashLoop(
  w: World,
  pod: string,
  end: End,
  told: { readonly before?: (w: World) => void; readonly signal?: number } = {},
): void {
  for (const at of [30, 62, 110]) {
    w.at(at);
    if (at > 30) {
      w.started(pod);
      w.at(at + 3);
    }
    told.before?.(w);
    w.exit(pod, {
      ...(told.signal === undefined ? { exitCode: end.exitCode } : { signal: told.signal }),
      durationMs: 3_000,
      pid: 5000 + at,
    });
    w.crashes(pod, { ranS: 3, ...end });
  }
}

/** Containers and processes that end by themselves or are killed. */
export const scenarios: readonly Scenario[] = [
  {
    id: 'A01',
    expect: { category: ['container.oom-killed'], on: deployment },
    play(w) {
      for (const [at, ranS] of [
        [30, 25],
        [70, 24],
      ] as const) {
        w.at(at);
        w.evidence(() => w.oomVictim(cart));
        w.exit(cart, { signal: 9 });
        w.evidence(() => w.crashes(cart, { exitCode: 137, reason: 'OOMKilled', ranS }));
        w.at(at + 12);
        w.started(cart);
      }
      w.log('Pod/shop/frontend-5f7b9-a', 'cart call failed: connect ECONNREFUSED 10.96.0.22:7070', 'error');
    },
    guard(w) {
      w.at(30);
      // 137 without a witness of the OOM killer: somebody sent SIGKILL.
      w.exit(cart, { signal: 9 });
      w.crashes(cart, { exitCode: 137 });
    },
  },
  {
    id: 'A02',
    expect: { category: ['container.memory-leak'], on: deployment },
    play(w) {
      // It has been killed after five hours before; now again, while others run on.
      w.evidence(() =>
        w.before(cart, {
          status: {
            containerStatuses: [
              {
                name: 'cart',
                restartCount: 1,
                state: { running: { startedAt: '2026-11-24T05:00:40Z' } },
                lastState: {
                  terminated: {
                    exitCode: 137,
                    reason: 'OOMKilled',
                    startedAt: '2026-11-23T23:58:10Z',
                    finishedAt: '2026-11-24T05:00:38Z',
                    containerID: 'containerd://a0a0',
                  },
                },
              },
            ],
          },
        }),
      );
      w.at(90);
      w.oomVictim(cart, { pid: 5001 });
      w.exit(cart, { signal: 9, pid: 5001, durationMs: 18_050_000 });
      w.restarts(cart, { exitCode: 137, reason: 'OOMKilled', ranS: 18_050 });
      w.at(105);
      w.ready(cart);
    },
    guard(w) {
      // Killed right after each start: it needs more than its limit from the beginning.
      for (const at of [30, 90, 180]) {
        w.at(at);
        w.oomVictim(cart, { pid: 5000 + at });
        w.exit(cart, { signal: 9, pid: 5000 + at, durationMs: 21_000 });
        w.crashes(cart, { exitCode: 137, reason: 'OOMKilled', ranS: 21 });
        w.at(at + 20);
        w.started(cart);
      }
    },
  },
  {
    id: 'A03',
    expect: { category: ['process.oom-killed'], on: deployment },
    play(w) {
      w.at(30);
      w.evidence(() => {
        w.oomVictim(cart, { comm: 'gunicorn', pid: 77 });
        w.exit(cart, { signal: 9, init: false, comm: 'gunicorn', pid: 77 });
      });
      w.log(
        cart,
        '[2026-11-24 10:00:30 +0000] [1] [ERROR] Worker (pid:77) was sent SIGKILL! Perhaps out of memory?',
        'error',
      );
      w.at(50);
      w.evidence(() => {
        w.oomVictim(cart, { comm: 'gunicorn', pid: 91 });
        w.exit(cart, { signal: 9, init: false, comm: 'gunicorn', pid: 91 });
      });
      w.log(
        cart,
        '[2026-11-24 10:00:50 +0000] [1] [ERROR] Worker (pid:91) was sent SIGKILL! Perhaps out of memory?',
        'error',
      );
    },
    guard(w) {
      w.at(30);
      // The container goes with its first process: Kubernetes sees that one.
      w.oomVictim(cart, { pid: 4242 });
      w.exit(cart, { signal: 9 });
      w.crashes(cart, { exitCode: 137, reason: 'OOMKilled' });
    },
  },
  {
    id: 'A04',
    expect: { category: ['node.out-of-memory'], on: ['Node/n1'] },
    play(w) {
      w.at(30);
      w.evidence(() => {
        w.event('SystemOOM', 'Node/n1', 'System OOM encountered, victim process: java, pid: 3120');
        w.event('SystemOOM', 'Node/n1', 'System OOM encountered, victim process: node, pid: 4242', { count: 2 });
      });
      for (const pod of [cart, 'Pod/shop/catalog-5f7b9-a', 'Pod/shop/checkout-5f7b9-a']) {
        w.exit(pod, { signal: 9 });
        w.restarts(pod, { exitCode: 137, ranS: 86_400 });
        w.at(w.second + 1);
      }
    },
    guard(w) {
      w.at(30);
      // One container at its own limit, the node has memory.
      w.oomVictim(cart);
      w.exit(cart, { signal: 9 });
      w.crashes(cart, { exitCode: 137, reason: 'OOMKilled' });
    },
  },
  {
    id: 'A05',
    expect: { category: ['container.crash-loop', 'log.exception', 'log.fatal'], on: deployment, says: /ledger/ },
    play(w) {
      crashLoop(
        w,
        cart,
        { exitCode: 1 },
        {
          before: () =>
            w.evidence(() => {
              w.log(cart, 'Traceback (most recent call last):', 'error');
              w.log(cart, "ModuleNotFoundError: No module named 'ledger'", 'error');
            }),
        },
      );
    },
    guard(w) {
      // A Job's pod that ends with 0 after it has said the same: it was caught.
      w.at(30);
      w.log(cart, "ModuleNotFoundError: No module named 'ledger'", 'info');
    },
  },
  {
    id: 'A06',
    expect: { category: ['container.crash-loop', 'log.fatal', 'log.exception'], on: deployment, says: /panic/ },
    play(w) {
      crashLoop(
        w,
        cart,
        { exitCode: 2 },
        {
          before: () =>
            w.evidence(() => {
              w.log(cart, 'panic: runtime error: invalid memory address or nil pointer dereference', 'error');
              w.log(cart, '[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x6f1a2e]', 'error');
              w.log(cart, 'goroutine 1 [running]:', 'error');
              w.log(cart, 'main.(*server).loadCart(0x0, {0xc00001c0c0, 0x7})', 'error');
            }),
        },
      );
    },
    guard(w) {
      // Exit 2 of a shell that does not understand its script.
      crashLoop(
        w,
        cart,
        { exitCode: 2 },
        { before: () => w.log(cart, '/entrypoint.sh: line 12: syntax error: unexpected end of file', 'error') },
      );
    },
  },
  {
    id: 'A07',
    expect: { category: ['container.not-executable'], on: deployment },
    play(w) {
      const pod = w.rollout('Deployment/shop/cart', {
        spec: { containers: [{ name: 'cart', command: ['/app/run.sh'] }] },
      });
      for (const at of [10, 25]) {
        w.at(at);
        w.evidence(() =>
          w.crashes(pod, {
            exitCode: 126,
            reason: 'StartError',
            ranS: 0,
            message:
              'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: exec: "/app/run.sh": permission denied',
          }),
        );
      }
    },
    guard(w) {
      crashLoop(
        w,
        cart,
        { exitCode: 1 },
        { before: () => w.log(cart, 'open /data/cart.db: permission denied', 'error') },
      );
    },
  },
  {
    id: 'A08',
    expect: { category: ['container.command-not-found'], on: deployment },
    play(w) {
      const pod = w.rollout('Deployment/shop/cart', {
        spec: { containers: [{ name: 'cart', command: ['/usr/bin/cartd'] }] },
      });
      for (const at of [10, 25]) {
        w.at(at);
        w.evidence(() =>
          w.crashes(pod, {
            exitCode: 128,
            reason: 'StartError',
            ranS: 0,
            message:
              'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: exec: "/usr/bin/cartd": stat /usr/bin/cartd: no such file or directory',
          }),
        );
      }
    },
    guard(w) {
      crashLoop(
        w,
        cart,
        { exitCode: 1 },
        { before: () => w.log(cart, "Error: ENOENT: no such file or directory, open '/etc/cart/rates.json'", 'error') },
      );
    },
  },
  {
    id: 'A09',
    expect: { category: ['image.wrong-platform'], on: deployment },
    play(w) {
      const pod = w.rollout('Deployment/shop/cart', {
        spec: { containers: [{ name: 'cart', image: 'registry.example.com/shop/cart:1.5.0' }] },
      });
      for (const at of [10, 25, 55]) {
        w.at(at);
        if (at > 10) w.started(pod);
        w.evidence(() => w.log(pod, 'exec /usr/local/bin/cart: exec format error', null, { stream: 'stderr' }));
        w.crashes(pod, { exitCode: 255, ranS: 0 });
      }
    },
    guard(w) {
      const pod = w.rollout('Deployment/shop/cart', {
        spec: { containers: [{ name: 'cart', image: 'registry.example.com/shop/cart:1.5.0' }] },
      });
      for (const at of [10, 25, 55]) {
        w.at(at);
        if (at > 10) w.started(pod);
        w.log(pod, 'cart: unknown date format in rates.csv', 'error');
        w.crashes(pod, { exitCode: 255, ranS: 0 });
      }
    },
  },
  {
    id: 'A10',
    expect: { category: ['process.crashed'], on: deployment, says: /SIGSEGV/ },
    play(w) {
      w.evidence(() => crashLoop(w, cart, { exitCode: 139 }, { signal: 11 }));
    },
    guard(w) {
      // Ended from within with a number that no signal has.
      crashLoop(w, cart, { exitCode: 139 - 128 });
    },
  },
  {
    id: 'A11',
    expect: { category: ['process.crashed', 'container.crash-loop'], on: deployment, says: /SIGABRT|Assertion/ },
    play(w) {
      w.evidence(() =>
        crashLoop(
          w,
          cart,
          { exitCode: 134 },
          {
            signal: 6,
            before: () =>
              w.log(
                cart,
                "cartd: ../src/ledger.c:214: ledger_append: Assertion `entry->size <= capacity' failed.",
                null,
                { stream: 'stderr' },
              ),
          },
        ),
      );
    },
    guard(w) {
      crashLoop(w, cart, { exitCode: 134 - 128 });
    },
  },
  {
    id: 'A12',
    expect: { category: ['process.crashed'], on: deployment, says: /\/dev\/shm|shared memory/ },
    play(w) {
      w.evidence(() =>
        crashLoop(
          w,
          cart,
          { exitCode: 135 },
          { signal: 7, before: () => w.log(cart, 'Bus error (core dumped)', null, { stream: 'stderr' }) },
        ),
      );
    },
    guard(w) {
      crashLoop(w, cart, { exitCode: 139 }, { signal: 11 });
    },
  },
  {
    id: 'A13',
    expect: { category: ['process.crashed'], on: deployment, says: /instruction/ },
    play(w) {
      w.evidence(() => crashLoop(w, cart, { exitCode: 132 }, { signal: 4 }));
    },
    guard(w) {
      crashLoop(w, cart, { exitCode: 139 }, { signal: 11 });
    },
  },
  {
    id: 'A14',
    expect: { category: ['process.crashed'], on: deployment, says: /seccomp/ },
    play(w) {
      w.evidence(() =>
        crashLoop(
          w,
          cart,
          { exitCode: 159 },
          {
            signal: 31,
            before: () =>
              w.entry(
                'n1',
                'audit: type=1326 audit(1795514430.120:311): auid=4294967295 uid=1000 gid=1000 ses=4294967295 subj=cri-containerd.apparmor.d pid=5030 comm="node" exe="/usr/local/bin/node" sig=31 arch=c000003e syscall=425 compat=0 ip=0x7f2c6d1b code=0x80000000',
              ),
          },
        ),
      );
    },
    guard(w) {
      crashLoop(w, cart, { exitCode: 139 }, { signal: 11 });
    },
  },
  {
    id: 'A15',
    expect: { category: ['container.grace-period-exceeded'], on: deployment },
    play(w) {
      for (const [at, pod] of [
        [30, cart],
        [90, 'Pod/shop/cart-5f7b9-b'],
      ] as const) {
        w.at(at);
        w.patch(pod, { metadata: { deletionTimestamp: w.clock(-30), deletionGracePeriodSeconds: 30 } });
        w.event('Killing', pod, 'Stopping container cart', { type: 'Normal' });
        w.log('Pod/shop/frontend-5f7b9-a', 'cart call failed: read ECONNRESET 10.96.0.22:7070', 'error');
        w.at(at + 30);
        w.evidence(() => {
          w.event('ExceededGracePeriod', pod, 'Container runtime did not kill the pod within specified grace period.');
          w.exit(pod, { signal: 9 });
          w.ended(pod, { exitCode: 137 });
        });
        w.at(at + 32);
        w.remove(pod);
      }
    },
    guard(w) {
      // Stops when it is asked to.
      w.at(30);
      w.patch(cart, { metadata: { deletionTimestamp: w.clock(-30), deletionGracePeriodSeconds: 30 } });
      w.event('Killing', cart, 'Stopping container cart', { type: 'Normal' });
      w.at(33);
      w.exit(cart, { exitCode: 143 });
      w.ended(cart, { exitCode: 143 });
      w.at(34);
      w.remove(cart);
    },
  },
  {
    id: 'A16',
    expect: { category: ['container.completed-early'], on: deployment },
    play(w) {
      w.evidence(() => crashLoop(w, cart, { exitCode: 0 }));
    },
    guard(w) {
      // Once, and well again.
      w.at(30);
      w.restarts(cart, { exitCode: 0, ranS: 86_000 });
      w.at(35);
      w.ready(cart);
    },
  },
];
