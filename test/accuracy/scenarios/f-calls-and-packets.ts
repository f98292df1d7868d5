import { agent } from './nodes.js';
import { object } from './objects.js';
import type { Scenario } from './scenario.js';
import type { World } from './world.js';

const cart = ['Deployment/shop/cart', 'Service/shop/cart'];

/** A caller's line, again and again. */
function complains(w: World, pod: string, line: string, from: number, to: number, everyS = 5): void {
  for (let at = from; at <= to; at += everyS) {
    w.at(at);
    w.log(pod, line, 'error');
  }
}

function measures(
  w: World,
  of: string,
  values: Readonly<Record<string, number>>,
  from: number,
  attributes: Readonly<Record<string, string>> = {},
): void {
  for (let at = from; at <= from + 40; at += 10) {
    w.at(at);
    w.metrics(of, values, attributes);
  }
}

const policy = (spec: object): ReturnType<typeof object> =>
  object('networking.k8s.io/v1', 'NetworkPolicy', 'shop', 'default-deny', { spec });

/** Connections that are refused, lost, cut or slowed on their way. */
export const scenarios: readonly Scenario[] = [
  {
    id: 'F01',
    expect: { category: ['app.not-listening'], on: cart },
    play(w) {
      w.evidence(() =>
        complains(w, 'Pod/shop/frontend-5f7b9-a', 'cart call failed: connect ECONNREFUSED 10.96.0.22:7070', 30, 60),
      );
    },
    guard(w) {
      // Refused because the pods are down.
      w.at(30);
      w.crashes('Pod/shop/cart-5f7b9-a', { exitCode: 1 });
      w.crashes('Pod/shop/cart-5f7b9-b', { exitCode: 1 });
      complains(w, 'Pod/shop/frontend-5f7b9-a', 'cart call failed: connect ECONNREFUSED 10.96.0.22:7070', 33, 60);
    },
  },
  {
    id: 'F02',
    expect: { category: ['network.unreachable'], on: ['Service/shop/cart'] },
    play(w) {
      for (let at = 30; at <= 60; at += 6) {
        w.at(at);
        w.evidence(() => {
          w.log('Pod/shop/frontend-5f7b9-a', 'cart call failed: connect ETIMEDOUT 10.96.0.22:7070', 'error');
          w.probe('Pod/shop/checkout-5f7b9-b', 'cart', 7070, 'dial tcp 10.96.0.22:7070: i/o timeout');
        });
      }
    },
    guard(w) {
      // The connection is taken, and the answer does not come: the callee is slow.
      complains(
        w,
        'Pod/shop/frontend-5f7b9-a',
        'cart call failed: read ETIMEDOUT 10.96.0.22:7070 (no response within 5000 ms)',
        30,
        60,
      );
    },
  },
  {
    id: 'F03',
    expect: { category: ['network.policy-blocks'], on: ['NetworkPolicy/shop/default-deny'] },
    play(w) {
      w.at(30);
      w.evidence(() =>
        w.create(policy({ podSelector: { matchLabels: { app: 'cart' } }, policyTypes: ['Ingress'], ingress: [] })),
      );
      complains(w, 'Pod/shop/frontend-5f7b9-a', 'cart call failed: connect ETIMEDOUT 10.96.0.22:7070', 34, 64);
    },
    guard(w) {
      w.at(30);
      w.create(policy({ podSelector: { matchLabels: { app: 'payment' } }, policyTypes: ['Ingress'], ingress: [] }));
      complains(w, 'Pod/shop/frontend-5f7b9-a', 'cart call failed: connect ETIMEDOUT 10.96.0.22:7070', 34, 64);
    },
  },
  {
    id: 'F05',
    expect: { category: ['network.packet-loss'], on: ['Deployment/shop/cart'] },
    play(w) {
      for (let at = 30; at <= 70; at += 10) {
        w.at(at);
        w.evidence(() => w.metrics('Pod/shop/cart-5f7b9-a', { 'tcp.retransmit.ratio': 0.08 }, { peer: 'cache:6379' }));
        w.log('Pod/shop/cart-5f7b9-a', 'cache call failed: read ETIMEDOUT 10.96.0.26:6379', 'error');
      }
    },
    guard(w) {
      measures(w, 'Pod/shop/cart-5f7b9-a', { 'tcp.retransmit.ratio': 0.004 }, 30, { peer: 'cache:6379' });
    },
  },
  {
    id: 'F06',
    expect: { category: ['network.latency'], on: ['Deployment/shop/cart'] },
    play(w) {
      for (let at = 30; at <= 70; at += 10) {
        w.at(at);
        w.evidence(() => w.metrics('Pod/shop/cart-5f7b9-a', { 'network.tcp.rtt.ms': 48 }, { peer: 'cache:6379' }));
        w.log('Pod/shop/cart-5f7b9-a', 'cache call failed: timeout of 20 ms exceeded calling cache:6379', 'error');
      }
    },
    guard(w) {
      measures(w, 'Pod/shop/cart-5f7b9-a', { 'network.tcp.rtt.ms': 0.8 }, 30, { peer: 'cache:6379' });
    },
  },
  {
    id: 'F07',
    expect: { category: ['network.partition'], on: ['Node/n1', 'Node/n2'] },
    play(w) {
      for (let at = 30; at <= 66; at += 6) {
        w.at(at);
        w.evidence(() => {
          w.probe('Node/n1', '192.168.0.12', 10_250, 'dial tcp 192.168.0.12:10250: i/o timeout');
          w.probe('Node/n2', '192.168.0.11', 10_250, 'dial tcp 192.168.0.11:10250: i/o timeout');
        });
        w.log('Pod/shop/frontend-5f7b9-b', 'catalog call failed: connect ETIMEDOUT 10.96.0.23:3550', 'error');
        w.log('Pod/shop/catalog-5f7b9-b', 'db call failed: connect ETIMEDOUT 10.96.0.27:5432', 'error');
      }
    },
    guard(w) {
      for (let at = 30; at <= 66; at += 6) {
        w.at(at);
        w.probe('Node/n1', '192.168.0.12', 10_250);
        w.log('Pod/shop/catalog-5f7b9-b', 'db call failed: connect ETIMEDOUT 10.96.0.27:5432', 'error');
      }
    },
  },
  {
    id: 'F19',
    expect: { category: ['service.stale-endpoint'], on: ['Service/shop/cart'] },
    play(w) {
      w.at(30);
      w.haltControllers();
      const address = (w.get('Pod/shop/cart-5f7b9-a').status as { readonly podIP: string }).podIP;
      const slice = w.get('EndpointSlice/shop/cart-x7k2p');
      w.remove('Pod/shop/cart-5f7b9-a');
      // The endpoint controller lags behind.
      w.patch('EndpointSlice/shop/cart-x7k2p', {
        endpoints: (slice as unknown as { readonly endpoints: readonly object[] }).endpoints,
      });
      w.evidence(() =>
        complains(w, 'Pod/shop/frontend-5f7b9-a', `cart call failed: connect EHOSTUNREACH ${address}:7070`, 34, 60),
      );
    },
    guard(w) {
      w.at(30);
      complains(w, 'Pod/shop/frontend-5f7b9-a', 'mail call failed: connect EHOSTUNREACH 172.16.4.4:25', 34, 60);
    },
  },
  {
    id: 'F20',
    expect: { category: ['app.drops-connections'], on: ['Deployment/shop/cart'] },
    play(w) {
      w.at(30);
      const first = w.rollout('Deployment/shop/cart', {
        spec: { containers: [{ name: 'cart', image: 'registry.example.com/shop/cart:1.5.0' }] },
      });
      const made = w.get(first);
      w.at(38);
      w.comesUp(first);
      for (const [at, pod] of [
        [40, 'Pod/shop/cart-5f7b9-a'],
        [60, 'Pod/shop/cart-5f7b9-b'],
      ] as const) {
        w.at(at);
        if (at === 40) {
          // The controller makes the next new pod at once; it is ready before the last old one goes.
          const { metadata } = made;
          const next = w.create(
            {
              ...made,
              metadata: { ...metadata, name: `${metadata.name.slice(0, -1)}b`, uid: 'uid-pod-shop-cart-next' },
            },
            'kube-controller-manager',
          );
          w.comesUp(next);
        }
        w.terminates(pod, 1);
        w.evidence(() => {
          for (const more of [0, 1, 3]) {
            w.at(at + 1 + more);
            w.log('Pod/shop/frontend-5f7b9-a', 'cart call failed: read ECONNRESET 10.96.0.22:7070', 'error');
            w.log('Pod/shop/checkout-5f7b9-b', 'cart call failed: connect ECONNREFUSED 10.96.0.22:7070', 'error');
          }
        });
      }
    },
    guard(w) {
      // The same rollout, and nobody notices.
      w.at(30);
      const first = w.rollout('Deployment/shop/cart', {
        spec: { containers: [{ name: 'cart', image: 'registry.example.com/shop/cart:1.5.0' }] },
      });
      w.at(38);
      w.comesUp(first);
      w.at(40);
      w.terminates('Pod/shop/cart-5f7b9-a', 1);
    },
  },
  {
    id: 'F21',
    expect: { category: ['app.ephemeral-ports-exhausted'], on: ['Deployment/shop/cart'] },
    play(w) {
      w.evidence(() =>
        complains(
          w,
          'Pod/shop/cart-5f7b9-a',
          'cache call failed: connect EADDRNOTAVAIL 10.96.0.26:6379 - Local (10.244.1.13:0)',
          30,
          60,
        ),
      );
    },
    guard(w) {
      // The address to listen on is not the pod's.
      complains(
        w,
        'Pod/shop/cart-5f7b9-a',
        'Error: listen EADDRNOTAVAIL: bind 10.9.9.9:7070 cannot assign requested address',
        30,
        60,
      );
    },
  },
  {
    id: 'F22',
    expect: { category: ['network.snat-exhausted'], on: ['Cluster/shop'] },
    play(w) {
      for (let at = 30; at <= 66; at += 6) {
        w.at(at);
        w.evidence(() =>
          w.raw(
            'otlp',
            {
              kind: 'metrics',
              values: { 'aws.natgateway.ErrorPortAllocation': 214 },
              intervalMs: 60_000,
              attributes: { gateway: 'nat-0a1b2c' },
            },
            {},
            'otlp@n1',
          ),
        );
        w.log('Pod/shop/payment-5f7b9-a', 'charge failed: connect ETIMEDOUT api.bank.example.com:443', 'error');
        w.log('Pod/shop/checkout-5f7b9-b', 'rates failed: connect ETIMEDOUT api.rates.example.com:443', 'error');
      }
    },
    guard(w) {
      for (let at = 30; at <= 66; at += 6) {
        w.at(at);
        w.raw(
          'otlp',
          { kind: 'metrics', values: { 'aws.natgateway.ErrorPortAllocation': 0 }, intervalMs: 60_000, attributes: {} },
          {},
          'otlp@n1',
        );
        w.log('Pod/shop/payment-5f7b9-a', 'charge failed: connect ETIMEDOUT api.bank.example.com:443', 'error');
      }
    },
  },
  {
    id: 'F23',
    expect: { category: ['app.accept-queue-full'], on: ['Deployment/shop/cart'] },
    play(w) {
      for (let at = 30; at <= 66; at += 6) {
        w.at(at);
        w.evidence(() => {
          w.entry('n1', 'TCP: request_sock_TCP: Possible SYN flooding on port 0.0.0.0:7070. Dropping request.', {
            priority: 6,
          });
          w.metrics('Pod/shop/cart-5f7b9-a', { 'tcp.ListenOverflows': 31 });
        });
        w.log('Pod/shop/frontend-5f7b9-a', 'cart call failed: connect ETIMEDOUT 10.96.0.22:7070', 'error');
      }
    },
    guard(w) {
      measures(w, 'Pod/shop/cart-5f7b9-a', { 'tcp.ListenOverflows': 0 }, 30);
    },
  },
  {
    id: 'F24',
    expect: { category: ['app.not-reading'], on: ['Deployment/shop/cart'] },
    play(w) {
      for (let at = 30; at <= 66; at += 6) {
        w.at(at);
        w.evidence(() => w.metrics('Pod/shop/cart-5f7b9-a', { 'tcp.zero_window': 12 }));
        w.log('Pod/shop/frontend-5f7b9-a', 'cart call failed: write ETIMEDOUT 10.96.0.22:7070', 'error');
      }
    },
    guard(w) {
      measures(w, 'Pod/shop/cart-5f7b9-a', { 'tcp.zero_window': 0 }, 30);
    },
  },
  {
    id: 'F25',
    expect: { category: ['network.mtu-mismatch'], on: ['Deployment/shop/payment'] },
    play(w) {
      for (let at = 30; at <= 66; at += 6) {
        w.at(at);
        w.evidence(() =>
          w.metrics('Pod/shop/payment-5f7b9-a', { 'skb.drops.PKT_TOO_BIG': 9 }, { peer: 'api.bank.example.com:443' }),
        );
        w.log(
          'Pod/shop/payment-5f7b9-a',
          'charge failed: net/http: TLS handshake timeout calling https://api.bank.example.com',
          'error',
        );
      }
    },
    guard(w) {
      for (let at = 30; at <= 66; at += 6) {
        w.at(at);
        w.log(
          'Pod/shop/payment-5f7b9-a',
          'charge failed: net/http: TLS handshake timeout calling https://api.bank.example.com',
          'error',
        );
      }
    },
  },
  {
    id: 'F26',
    expect: { category: ['network.idle-timeout'], on: ['Deployment/shop/catalog'] },
    play(w) {
      w.evidence(() =>
        complains(
          w,
          'Pod/shop/catalog-5f7b9-a',
          'com.mysql.cj.jdbc.exceptions.CommunicationsException: Communications link failure. The last packet successfully received from the server was 360,114 milliseconds ago. The last packet sent successfully to the server was 1 milliseconds ago.',
          30,
          60,
          10,
        ),
      );
    },
    guard(w) {
      complains(w, 'Pod/shop/catalog-5f7b9-a', 'db call failed: read ECONNRESET 10.96.0.27:5432', 30, 60, 10);
    },
  },
  {
    id: 'F27',
    expect: { category: ['container.oom-killed'], on: ['Deployment/shop/cart'] },
    play(w) {
      w.at(30);
      w.evidence(() => w.oomVictim('Pod/shop/cart-5f7b9-a'));
      w.exit('Pod/shop/cart-5f7b9-a', { signal: 9 });
      w.log('Pod/shop/frontend-5f7b9-a', 'cart call failed: read ECONNRESET 10.96.0.22:7070', 'error');
      w.log('Pod/shop/checkout-5f7b9-b', 'cart call failed: read ECONNRESET 10.96.0.22:7070', 'error');
      w.evidence(() => w.crashes('Pod/shop/cart-5f7b9-a', { exitCode: 137, reason: 'OOMKilled' }));
    },
    guard(w) {
      w.at(30);
      w.exit('Pod/shop/cart-5f7b9-a', { exitCode: 1 });
      w.log('Pod/shop/frontend-5f7b9-a', 'cart call failed: read ECONNRESET 10.96.0.22:7070', 'error');
      w.crashes('Pod/shop/cart-5f7b9-a', { exitCode: 1 });
    },
  },
  {
    id: 'F38',
    expect: { category: ['external.unreachable'], on: ['ExternalEndpoint/api.bank.example.com*'] },
    play(w) {
      for (let at = 30; at <= 60; at += 5) {
        w.at(at);
        w.evidence(() => {
          w.log('Pod/shop/payment-5f7b9-a', 'charge failed: connect ECONNREFUSED api.bank.example.com:443', 'error');
          w.log('Pod/shop/checkout-5f7b9-b', 'risk check failed: connect ETIMEDOUT api.bank.example.com:443', 'error');
        });
      }
    },
    guard(w) {
      complains(w, 'Pod/shop/checkout-5f7b9-b', 'payment call failed: connect ETIMEDOUT 10.96.0.25:50051', 30, 60);
    },
  },
  {
    id: 'F39',
    expect: { category: ['node.bpf-map-full'], on: ['Node/n1'] },
    play(w) {
      agent(w, 'cilium', 'quay.io/cilium/cilium:v1.16.4');
      for (let at = 30; at <= 60; at += 6) {
        w.at(at);
        w.evidence(() => {
          w.metrics('Node/n1', { cilium_bpf_map_pressure: 0.998 }, { map_name: 'ct4_global' });
          w.log(
            'Pod/kube-system/cilium-n1',
            '10.244.1.13:41022 (ID:1244) -> 10.244.2.15:50051 (ID:98) CT: Map insertion failed DROPPED (TCP Flags: SYN)',
            'error',
          );
        });
        w.log('Pod/shop/cart-5f7b9-a', 'cache call failed: connect ETIMEDOUT 10.96.0.26:6379', 'error');
      }
    },
    guard(w) {
      agent(w, 'cilium', 'quay.io/cilium/cilium:v1.16.4');
      measures(w, 'Node/n1', { cilium_bpf_map_pressure: 0.41 }, 30);
    },
  },
  {
    id: 'F40',
    expect: { category: ['network.address-conflict'], on: ['Node/n1'] },
    play(w) {
      for (let at = 30; at <= 60; at += 6) {
        w.at(at);
        w.evidence(() =>
          w.entry('n1', 'IPv4: eth0: duplicate address 10.244.1.13 detected, used by 0a:58:0a:f4:02:0d', {
            priority: 4,
          }),
        );
        w.log('Pod/shop/cart-5f7b9-a', 'cart call failed: read ECONNRESET 10.96.0.22:7070', 'error');
      }
    },
    guard(w) {
      w.at(30);
      w.entry('n1', 'IPv6: ADDRCONF(NETDEV_UP): eth0: link is not ready', { priority: 6 });
      complains(w, 'Pod/shop/cart-5f7b9-a', 'cart call failed: read ECONNRESET 10.96.0.22:7070', 30, 60);
    },
  },
];
