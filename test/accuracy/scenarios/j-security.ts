import type { Scenario } from './scenario.js';

const cart = 'Pod/shop/cart-5f7b9-a';
const other = 'Pod/shop/cart-5f7b9-b';

/** Signals of runtime security that explain failures: rules of Falco, policies of Tetragon, as their alerts are named. */
export const scenarios: readonly Scenario[] = [
  {
    id: 'J01',
    expect: { category: ['change.by-hand'], on: ['Deployment/shop/cart'] },
    play(w) {
      w.at(20);
      w.evidence(() =>
        w.alert(cart, {
          name: 'Terminal shell in container',
          severity: 'info',
          message:
            'A shell was spawned in a container with an attached terminal | evt_type=execve user=root user_uid=0 process=bash proc_exepath=/bin/bash parent=runc command=bash terminal=34816 container_name=cart',
          labels: {
            rule: 'Terminal shell in container',
            source: 'syscall',
            'k8s.pod.name': 'cart-5f7b9-a',
            'k8s.ns.name': 'shop',
            'user.name': 'root',
          },
        }),
      );
      w.at(80);
      for (const at of [80, 95, 125]) {
        w.at(at);
        w.log(cart, "cart: template /srv/cart/page.html: unexpected '}' on line 3", 'error');
        w.exit(cart, { exitCode: 1, durationMs: 10_000, pid: 5000 + at });
        w.crashes(cart, { exitCode: 1, ranS: 10 });
        w.at(at + 5);
        w.started(cart);
      }
    },
    guard(w) {
      // Somebody looks around in a container, and nothing breaks.
      w.at(20);
      w.alert(cart, {
        name: 'Terminal shell in container',
        severity: 'info',
        message: 'A shell was spawned in a container with an attached terminal',
        labels: { rule: 'Terminal shell in container' },
      });
      w.at(90);
      w.log(cart, 'cart emptied', 'info');
    },
  },
  {
    id: 'J02',
    expect: { category: ['security.unexpected-program'], on: ['Deployment/shop/cart'] },
    play(w) {
      w.at(20);
      w.evidence(() => {
        w.alert(cart, {
          name: 'Drop and execute new binary in container',
          severity: 'critical',
          message:
            'Executing binary not part of base image | proc_exe=/tmp/kdevtmpfsi proc_sname=sh container_name=cart evt_type=execve user=www-data process=kdevtmpfsi',
          labels: { rule: 'Drop and execute new binary in container', 'proc.exepath': '/tmp/kdevtmpfsi' },
        });
        w.alert(cart, {
          name: 'Detect outbound connections to common miner pool ports',
          severity: 'critical',
          message:
            'Outbound connection to IP/Port flagged by https://cryptoioc.ch | ip=198.51.100.7 connection=10.244.1.13:41812->198.51.100.7:3333',
          labels: { rule: 'Detect outbound connections to common miner pool ports' },
        });
      });
      for (const at of [40, 50, 60, 70]) {
        w.at(at);
        w.log(
          'Pod/shop/frontend-5f7b9-a',
          'cart call failed: timeout of 1000ms exceeded, http://cart:7070/cart',
          'error',
        );
        w.event(
          'Unhealthy',
          cart,
          'Readiness probe failed: Get "http://10.244.1.13:7070/healthz": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
          { count: at / 10 },
        );
        if (at === 60) w.notReady(cart);
      }
    },
    guard(w) {
      for (const at of [40, 50, 60, 70]) {
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
    id: 'J03',
    expect: { category: ['security.privilege-escalation'], on: ['Deployment/shop/cart'] },
    play(w) {
      w.at(20);
      w.evidence(() => {
        w.alert(cart, {
          name: 'Change namespace privileges via unshare',
          severity: 'warning',
          message: 'Change namespace privileges via unshare | proc_name=unshare user=root',
          labels: { rule: 'Change namespace privileges via unshare' },
        });
        w.at(23);
        w.alert(cart, {
          name: 'Detect release_agent File Container Escapes',
          severity: 'critical',
          message:
            'Detect an attempt to exploit a container escape using release_agent file | file=/sys/fs/cgroup/rdma/release_agent cap_effective=CAP_SYS_ADMIN',
          labels: { rule: 'Detect release_agent File Container Escapes' },
        });
      });
    },
    guard(w) {
      w.at(20);
      w.alert(cart, {
        name: 'Terminal shell in container',
        severity: 'info',
        message: 'A shell was spawned in a container with an attached terminal',
        labels: { rule: 'Terminal shell in container' },
      });
    },
  },
  {
    id: 'J04',
    expect: { category: ['service.deleted', 'change.deleted'], on: ['Service/shop/cart'] },
    play(w) {
      w.at(20);
      w.evidence(() => {
        w.remove('Service/shop/cart', 'kubectl-delete');
        w.remove('EndpointSlice/shop/cart-x7k2p');
      });
      for (const at of [25, 30, 40, 50]) {
        w.at(at);
        for (const pod of ['Pod/shop/frontend-5f7b9-a', 'Pod/shop/checkout-5f7b9-a'])
          w.log(pod, 'request to http://cart:7070/cart failed, reason: getaddrinfo ENOTFOUND cart', 'error');
      }
    },
    guard(w) {
      // A Service that nobody called goes.
      w.at(20);
      w.remove('Service/shop/payment', 'kubectl-delete');
      w.remove('EndpointSlice/shop/payment-x7k2p');
    },
  },
  {
    id: 'J05',
    expect: { category: ['security.enforcement-kill'], on: ['Deployment/shop/cart'] },
    play(w) {
      for (const at of [20, 50, 90]) {
        w.at(at);
        if (at > 20) w.started(cart);
        w.evidence(() =>
          w.alert(cart, {
            name: 'Sigkill',
            severity: 'critical',
            message: 'Tetragon policy block-raw-sockets killed process node (pid 4242): __x64_sys_socket',
            labels: {
              policy_name: 'block-raw-sockets',
              action: 'KPROBE_ACTION_SIGKILL',
              process: '/usr/local/bin/node',
            },
          }),
        );
        w.exit(cart, { signal: 9, pid: 4200 + at });
        w.crashes(cart, { exitCode: 137, ranS: 3 });
      }
    },
    guard(w) {
      for (const at of [20, 50, 90]) {
        w.at(at);
        if (at > 20) w.started(cart);
        w.exit(cart, { signal: 9, pid: 4200 + at });
        w.crashes(cart, { exitCode: 137, ranS: 3 });
      }
    },
  },
  {
    id: 'J06',
    expect: { category: ['change.bad-config'], on: ['Secret/shop/db-credentials', 'Secret/shop/cache-login'] },
    play(w) {
      w.at(10);
      w.create({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'cache-login', namespace: 'shop', uid: 'uid-secret-cache-login' },
        type: 'Opaque',
        data: { password: 'redacted (24 bytes)' },
      });
      w.patch('Deployment/shop/cart', {
        spec: {
          template: {
            spec: {
              containers: [
                {
                  name: 'cart',
                  env: [
                    { name: 'CACHE_PASSWORD', valueFrom: { secretKeyRef: { name: 'cache-login', key: 'password' } } },
                  ],
                },
              ],
            },
          },
        },
      });
      w.at(200);
      w.evidence(() => {
        w.patch('Secret/shop/db-credentials', { data: { password: 'redacted (25 bytes)' } });
        w.patch('Secret/shop/cache-login', { data: { password: 'redacted (25 bytes)' } });
      });
      for (const at of [210, 212, 216, 225, 240]) {
        w.at(at);
        for (const pod of ['Pod/shop/catalog-5f7b9-a', 'Pod/shop/catalog-5f7b9-b'])
          w.log(pod, 'FATAL: password authentication failed for user "catalog" (db:5432)', 'error');
        for (const pod of [cart, other])
          w.log(pod, 'WRONGPASS invalid username-password pair or user is disabled. (cache:6379)', 'error');
      }
    },
    guard(w) {
      for (const at of [210, 212, 216, 225, 240]) {
        w.at(at);
        w.log(cart, 'WRONGPASS invalid username-password pair or user is disabled. (cache:6379)', 'error');
      }
    },
  },
];
