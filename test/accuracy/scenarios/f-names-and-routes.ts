import { condition, object } from './objects.js';
import type { Scenario } from './scenario.js';
import type { World } from './world.js';

const dns = ['Deployment/kube-system/coredns', 'Service/kube-system/kube-dns'];
const corefile = ['ConfigMap/kube-system/coredns', ...dns];
const servers = ['Pod/kube-system/coredns-5f7b9-a', 'Pod/kube-system/coredns-5f7b9-b'];

function everyone(w: World, line: string, from: number, to: number): void {
  for (let at = from; at <= to; at += 6) {
    w.at(at);
    for (const pod of ['frontend-5f7b9-a', 'checkout-5f7b9-b', 'cart-5f7b9-a']) w.log(`Pod/shop/${pod}`, line, 'error');
  }
}

function complains(w: World, pod: string, line: string, from: number, to: number): void {
  for (let at = from; at <= to; at += 6) {
    w.at(at);
    w.log(pod, line, 'error');
  }
}

const route = (conditions: readonly object[]): ReturnType<typeof object> =>
  object('gateway.networking.k8s.io/v1', 'HTTPRoute', 'shop', 'shop', {
    spec: {
      parentRefs: [{ name: 'public', namespace: 'shop' }],
      rules: [{ backendRefs: [{ name: 'frontend', port: 8080 }] }],
    },
    status: { parents: [{ parentRef: { name: 'public' }, controllerName: 'example.com/gateway', conditions }] },
  });

/** Names that are not resolved, Services that lead nowhere, routes and certificates. */
export const scenarios: readonly Scenario[] = [
  {
    id: 'F04',
    expect: { category: ['network.policy-blocks'], on: ['NetworkPolicy/shop/egress'] },
    play(w) {
      w.at(30);
      w.evidence(() =>
        w.create(
          object('networking.k8s.io/v1', 'NetworkPolicy', 'shop', 'egress', {
            spec: {
              podSelector: {},
              policyTypes: ['Egress'],
              egress: [{ to: [{ podSelector: {} }], ports: [{ port: 7070 }, { port: 50_051 }] }],
            },
          }),
        ),
      );
      everyone(w, 'call failed: getaddrinfo EAI_AGAIN payment', 36, 72);
    },
    guard(w) {
      // It lets DNS through.
      w.at(30);
      w.create(
        object('networking.k8s.io/v1', 'NetworkPolicy', 'shop', 'egress', {
          spec: { podSelector: {}, policyTypes: ['Egress'], egress: [{ ports: [{ port: 53, protocol: 'UDP' }] }] },
        }),
      );
      everyone(w, 'call failed: getaddrinfo EAI_AGAIN payment', 36, 72);
    },
  },
  {
    id: 'F08',
    expect: { category: ['container.oom-killed', 'container.crash-loop', 'container.terminated'], on: dns },
    play(w) {
      w.at(30);
      for (const pod of servers) {
        w.evidence(() => {
          w.oomVictim(pod, { comm: 'coredns' });
          w.exit(pod, { signal: 9, comm: 'coredns' });
          w.crashes(pod, { exitCode: 137, reason: 'OOMKilled' });
        });
      }
      everyone(w, 'call failed: getaddrinfo EAI_AGAIN payment', 36, 66);
    },
    guard(w) {
      // One program that asks for a name that never was.
      complains(w, 'Pod/shop/frontend-5f7b9-a', 'call failed: getaddrinfo ENOTFOUND carts', 36, 66);
    },
  },
  {
    id: 'F09',
    expect: { category: ['dns.config-invalid', 'change.bad-config'], on: corefile },
    play(w) {
      w.at(20);
      w.evidence(() =>
        w.patch('ConfigMap/kube-system/coredns', {
          data: { Corefile: '.:53 {\n  kubernets cluster.local\n  forward . /etc/resolv.conf\n}' },
        }),
      );
      w.at(40);
      for (const pod of servers) {
        w.evidence(() =>
          w.log(pod, "/etc/coredns/Corefile:2 - Error during parsing: Unknown directive 'kubernets'", null, {
            stream: 'stderr',
          }),
        );
        w.crashes(pod, { exitCode: 1 });
      }
      everyone(w, 'call failed: getaddrinfo EAI_AGAIN payment', 46, 76);
    },
    guard(w) {
      w.at(40);
      for (const pod of servers)
        w.log(pod, '[INFO] plugin/reload: Running configuration SHA512 = 591cf328cccc12bc', 'info');
      complains(w, 'Pod/shop/frontend-5f7b9-a', 'call failed: getaddrinfo ENOTFOUND carts', 46, 76);
    },
  },
  {
    id: 'F10',
    expect: {
      category: ['dns.failed', 'change.bad-release', 'service.deleted', 'change.deleted'],
      on: ['Deployment/shop/checkout', 'Service/shop/payment'],
    },
    play(w) {
      w.at(30);
      w.evidence(() => w.remove('Service/shop/payment'));
      w.remove('EndpointSlice/shop/payment-x7k2p');
      w.evidence(() =>
        complains(w, 'Pod/shop/checkout-5f7b9-a', 'payment call failed: getaddrinfo ENOTFOUND payment', 36, 66),
      );
    },
    guard(w) {
      // The Service is there; the resolver is not.
      everyone(w, 'call failed: getaddrinfo EAI_AGAIN payment', 36, 66);
    },
  },
  {
    id: 'F11',
    expect: { category: ['dns.search-amplification'], on: ['Deployment/shop/checkout'] },
    play(w) {
      for (let at = 30; at <= 70; at += 10) {
        w.at(at);
        w.evidence(() =>
          w.metrics('Pod/shop/checkout-5f7b9-a', { 'dns.lookups.nxdomain.ratio': 0.83, 'dns.lookups.rate': 940 }),
        );
        w.log('Pod/shop/checkout-5f7b9-a', 'rates failed: getaddrinfo EAI_AGAIN api.rates.example.com', 'error');
      }
    },
    guard(w) {
      for (let at = 30; at <= 70; at += 10) {
        w.at(at);
        w.metrics('Pod/shop/checkout-5f7b9-a', { 'dns.lookups.nxdomain.ratio': 0.2, 'dns.lookups.rate': 12 });
      }
    },
  },
  {
    id: 'F12',
    expect: { category: ['node.conntrack-race'], on: ['Node/n1'] },
    play(w) {
      for (let at = 30; at <= 70; at += 10) {
        w.at(at);
        w.evidence(() => w.metrics('Node/n1', { 'node.conntrack.insert_failed.rate': 4 }));
        w.metrics('Pod/shop/checkout-5f7b9-a', { 'dns.lookup.duration.p99': 5.004 });
        w.log('Pod/shop/checkout-5f7b9-a', 'payment call failed: getaddrinfo EAI_AGAIN payment', 'error');
      }
    },
    guard(w) {
      for (let at = 30; at <= 70; at += 10) {
        w.at(at);
        w.metrics('Node/n1', { 'node.conntrack.insert_failed.rate': 0 });
        w.metrics('Pod/shop/checkout-5f7b9-a', { 'dns.lookup.duration.p99': 5.004 });
      }
    },
  },
  {
    id: 'F13',
    expect: { category: ['dns.upstream-failed'], on: dns },
    play(w) {
      for (let at = 30; at <= 66; at += 6) {
        w.at(at);
        w.evidence(() =>
          w.log(
            servers[0]!,
            '[ERROR] plugin/errors: 2 api.bank.example.com. A: read udp 10.244.1.19:41021->10.0.0.2:53: i/o timeout',
            'error',
          ),
        );
        w.log('Pod/shop/payment-5f7b9-a', 'charge failed: getaddrinfo EAI_AGAIN api.bank.example.com', 'error');
      }
    },
    guard(w) {
      complains(w, 'Pod/shop/payment-5f7b9-a', 'charge failed: getaddrinfo ENOTFOUND api.bank.example.com', 30, 66);
    },
  },
  {
    id: 'F14',
    expect: { category: ['dns.policy-wrong', 'change.bad-release'], on: ['Deployment/shop/checkout'] },
    play(w) {
      w.at(30);
      w.evidence(() => {
        const pod = w.rollout('Deployment/shop/checkout', { spec: { dnsPolicy: 'Default' } });
        w.at(36);
        w.comesUp(pod);
        complains(w, pod, 'payment call failed: getaddrinfo ENOTFOUND payment', 40, 76);
      });
    },
    guard(w) {
      w.at(30);
      w.remove('Service/shop/payment');
      complains(w, 'Pod/shop/checkout-5f7b9-a', 'payment call failed: getaddrinfo ENOTFOUND payment', 40, 76);
    },
  },
  {
    id: 'F15',
    expect: { category: ['probe.readiness-failed'], on: ['Deployment/shop/cart'] },
    play(w) {
      for (const pod of ['Pod/shop/cart-5f7b9-a', 'Pod/shop/cart-5f7b9-b']) {
        w.at(pod.endsWith('a') ? 30 : 31);
        w.evidence(() => w.event('Unhealthy', pod, 'Readiness probe failed: HTTP probe failed with statuscode: 503'));
        w.notReady(pod);
      }
      complains(w, 'Pod/shop/frontend-5f7b9-a', 'cart call failed: connect ECONNREFUSED 10.96.0.22:7070', 36, 66);
    },
    guard(w) {
      // One of two: the Service still serves.
      w.at(30);
      w.patch('Service/shop/cart', { spec: { selector: { app: 'basket' } } });
      complains(w, 'Pod/shop/frontend-5f7b9-a', 'cart call failed: connect ECONNREFUSED 10.96.0.22:7070', 36, 66);
    },
  },
  {
    id: 'F16',
    expect: { category: ['service.selector-mismatch', 'change.bad-release', 'change.spec'], on: ['Service/shop/cart'] },
    play(w) {
      w.at(30);
      w.evidence(() => w.patch('Service/shop/cart', { spec: { selector: { app: 'basket' } } }));
      complains(w, 'Pod/shop/frontend-5f7b9-a', 'cart call failed: connect ECONNREFUSED 10.96.0.22:7070', 36, 66);
    },
    guard(w) {
      w.at(30);
      w.notReady('Pod/shop/cart-5f7b9-a');
      w.notReady('Pod/shop/cart-5f7b9-b');
      complains(w, 'Pod/shop/frontend-5f7b9-a', 'cart call failed: connect ECONNREFUSED 10.96.0.22:7070', 36, 66);
    },
  },
  {
    id: 'F17',
    expect: { category: ['service.port-mismatch', 'change.bad-release', 'change.spec'], on: ['Service/shop/cart'] },
    play(w) {
      w.at(30);
      w.evidence(() =>
        w.patch('Service/shop/cart', {
          spec: { ports: [{ name: 'http', port: 7070, targetPort: 9090, protocol: 'TCP' }] },
        }),
      );
      complains(w, 'Pod/shop/frontend-5f7b9-a', 'cart call failed: connect ECONNREFUSED 10.96.0.22:7070', 36, 66);
    },
    guard(w) {
      w.at(30);
      complains(w, 'Pod/shop/frontend-5f7b9-a', 'cart call failed: connect ECONNREFUSED 10.96.0.22:7070', 36, 66);
    },
  },
  {
    id: 'F18',
    expect: { category: ['service.deleted', 'change.deleted'], on: ['Service/shop/cart'] },
    play(w) {
      w.at(30);
      w.evidence(() => {
        w.remove('EndpointSlice/shop/cart-x7k2p');
        w.remove('Service/shop/cart');
      });
      complains(w, 'Pod/shop/frontend-5f7b9-a', 'cart call failed: getaddrinfo ENOTFOUND cart', 36, 66);
      complains(w, 'Pod/shop/checkout-5f7b9-b', 'cart call failed: getaddrinfo ENOTFOUND cart', 68, 74);
    },
    guard(w) {
      complains(w, 'Pod/shop/frontend-5f7b9-a', 'cart call failed: getaddrinfo ENOTFOUND basket', 36, 66);
    },
  },
  {
    id: 'F28',
    expect: { category: ['mesh.mtls-required'], on: ['PeerAuthentication/shop/default'] },
    play(w) {
      w.at(30);
      w.evidence(() =>
        w.create(
          object('security.istio.io/v1', 'PeerAuthentication', 'shop', 'default', {
            spec: { mtls: { mode: 'STRICT' } },
          }),
        ),
      );
      complains(
        w,
        'Pod/shop/frontend-5f7b9-a',
        'cart call failed: http://cart:7070 upstream connect error or disconnect/reset before headers. reset reason: connection termination',
        36,
        66,
      );
    },
    guard(w) {
      w.at(30);
      w.create(
        object('security.istio.io/v1', 'PeerAuthentication', 'shop', 'default', {
          spec: { mtls: { mode: 'PERMISSIVE' } },
        }),
      );
      complains(
        w,
        'Pod/shop/frontend-5f7b9-a',
        'cart call failed: http://cart:7070 upstream connect error or disconnect/reset before headers. reset reason: connection termination',
        36,
        66,
      );
    },
  },
  {
    id: 'F29',
    expect: { category: ['mesh.access-denied'], on: ['AuthorizationPolicy/shop/cart-callers'] },
    play(w) {
      w.at(30);
      w.evidence(() =>
        w.create(
          object('security.istio.io/v1', 'AuthorizationPolicy', 'shop', 'cart-callers', {
            spec: {
              selector: { matchLabels: { app: 'cart' } },
              action: 'ALLOW',
              rules: [{ from: [{ source: { principals: ['cluster.local/ns/shop/sa/checkout'] } }] }],
            },
          }),
        ),
      );
      complains(
        w,
        'Pod/shop/frontend-5f7b9-a',
        'cart call failed: http://cart:7070 returned 403: RBAC: access denied',
        36,
        66,
      );
    },
    guard(w) {
      w.at(30);
      w.create(
        object('security.istio.io/v1', 'AuthorizationPolicy', 'shop', 'cart-callers', {
          spec: { selector: { matchLabels: { app: 'payment' } }, action: 'ALLOW', rules: [] },
        }),
      );
      complains(
        w,
        'Pod/shop/frontend-5f7b9-a',
        'cart call failed: http://cart:7070 returned 403: RBAC: access denied',
        36,
        66,
      );
    },
  },
  {
    id: 'F30',
    expect: { category: ['app.starts-before-proxy'], on: ['Deployment/shop/cart'] },
    play(w) {
      w.at(30);
      const pod = w.rollout('Deployment/shop/cart', {
        spec: {
          containers: [
            { name: 'cart', image: 'registry.example.com/shop/cart:1.4.2', env: [{ name: 'POOL', value: '8' }] },
          ],
        },
      });
      for (const at of [34, 48]) {
        w.at(at);
        w.evidence(() =>
          w.log(pod, 'config fetch failed: dial tcp 127.0.0.1:15001: connect: connection refused', 'error'),
        );
        w.at(at + 1);
        w.restarts(pod, { exitCode: 1, ranS: 1 });
      }
      w.at(70);
      w.comesUp(pod);
    },
    guard(w) {
      w.at(30);
      for (const at of [34, 48]) {
        w.at(at);
        w.log(
          'Pod/shop/cart-5f7b9-a',
          'config fetch failed: dial tcp 10.96.0.26:6379: connect: connection refused',
          'error',
        );
        w.at(at + 1);
        w.restarts('Pod/shop/cart-5f7b9-a', { exitCode: 1, ranS: 1 });
      }
    },
  },
  {
    id: 'F31',
    expect: { category: ['ingress.backend-missing'], on: ['Ingress/shop/shop'] },
    play(w) {
      w.at(30);
      w.evidence(() =>
        w.patch('Ingress/shop/shop', {
          spec: {
            rules: [
              {
                host: 'shop.example.com',
                http: {
                  paths: [
                    { path: '/', pathType: 'Prefix', backend: { service: { name: 'front', port: { number: 8080 } } } },
                  ],
                },
              },
            ],
          },
        }),
      );
      w.at(60);
      w.notReady('Pod/shop/payment-5f7b9-a');
      w.at(62);
      w.ready('Pod/shop/payment-5f7b9-a');
    },
    guard(w) {
      w.at(30);
      w.patch('Ingress/shop/shop', {
        metadata: { annotations: { 'nginx.ingress.kubernetes.io/proxy-body-size': '8m' } },
      });
    },
  },
  {
    id: 'F32',
    expect: {
      category: ['ingress.certificate-missing', 'change.deleted'],
      on: ['Ingress/shop/shop', 'Secret/shop/shop-tls'],
    },
    play(w) {
      w.create(
        object('v1', 'Secret', 'shop', 'shop-tls', {
          type: 'kubernetes.io/tls',
          data: { 'tls.crt': 'redacted (1 bytes)', 'tls.key': 'redacted (1 bytes)' },
        }),
      );
      w.patch('Ingress/shop/shop', { spec: { tls: [{ hosts: ['shop.example.com'], secretName: 'shop-tls' }] } });
      w.at(900);
      w.evidence(() => w.remove('Secret/shop/shop-tls'));
    },
    guard(w) {
      w.create(
        object('v1', 'Secret', 'shop', 'shop-tls', {
          type: 'kubernetes.io/tls',
          data: { 'tls.crt': 'redacted (1 bytes)', 'tls.key': 'redacted (1 bytes)' },
        }),
      );
      w.patch('Ingress/shop/shop', { spec: { tls: [{ hosts: ['shop.example.com'], secretName: 'shop-tls' }] } });
      w.at(900);
    },
  },
  {
    id: 'F33',
    expect: {
      category: ['ingress.no-controller', 'change.bad-release', 'change.spec'],
      on: ['Ingress/shop/shop', 'Ingress/shop/admin'],
    },
    play(w) {
      w.create(
        object('networking.k8s.io/v1', 'IngressClass', null, 'nginx', { spec: { controller: 'k8s.io/ingress-nginx' } }),
      );
      w.at(30);
      w.evidence(() =>
        w.create({
          ...w.get('Ingress/shop/shop'),
          metadata: { name: 'admin', namespace: 'shop', uid: 'uid-ingress-shop-admin', creationTimestamp: w.clock() },
          spec: { ...(w.get('Ingress/shop/shop').spec as object), ingressClassName: 'traefik' },
        }),
      );
      w.at(60);
    },
    guard(w) {
      w.create(
        object('networking.k8s.io/v1', 'IngressClass', null, 'nginx', { spec: { controller: 'k8s.io/ingress-nginx' } }),
      );
      w.at(30);
      w.create({
        ...w.get('Ingress/shop/shop'),
        metadata: { name: 'admin', namespace: 'shop', uid: 'uid-ingress-shop-admin', creationTimestamp: w.clock() },
      });
    },
  },
  {
    id: 'F34',
    expect: { category: ['gateway.not-accepted'], on: ['HTTPRoute/shop/shop'] },
    play(w) {
      w.at(30);
      w.evidence(() =>
        w.create(
          route([
            condition(
              'Accepted',
              false,
              'NotAllowedByListeners',
              w.clock(),
              'No listeners included by this parent ref allowed this attachment.',
            ),
          ]),
        ),
      );
    },
    guard(w) {
      w.at(30);
      w.create(
        route([
          condition('Accepted', true, 'Accepted', w.clock()),
          condition('ResolvedRefs', true, 'ResolvedRefs', w.clock()),
        ]),
      );
    },
  },
  {
    id: 'F35',
    expect: { category: ['service.load-balancer-failed'], on: ['Service/shop/frontend'] },
    play(w) {
      w.at(30);
      w.patch('Service/shop/frontend', { spec: { type: 'LoadBalancer' } });
      for (const [at, count] of [
        [33, 1],
        [44, 2],
        [64, 3],
      ] as const) {
        w.at(at);
        w.evidence(() =>
          w.event(
            'SyncLoadBalancerFailed',
            'Service/shop/frontend',
            'Error syncing load balancer: failed to ensure load balancer: error creating load balancer: "TooManyLoadBalancers: Exceeded quota of account"',
            { component: 'service-controller', count },
          ),
        );
      }
    },
    guard(w) {
      w.at(30);
      w.patch('Service/shop/frontend', { spec: { type: 'LoadBalancer' } });
      w.event('EnsuringLoadBalancer', 'Service/shop/frontend', 'Ensuring load balancer', {
        type: 'Normal',
        component: 'service-controller',
      });
      w.at(50);
      w.event('EnsuredLoadBalancer', 'Service/shop/frontend', 'Ensured load balancer', {
        type: 'Normal',
        component: 'service-controller',
      });
    },
  },
  {
    id: 'F36',
    expect: {
      category: ['tls.certificate-expired'],
      on: ['Service/shop/payment', 'Secret/shop/payment-tls', 'Deployment/shop/checkout'],
    },
    play(w) {
      w.evidence(() =>
        complains(
          w,
          'Pod/shop/checkout-5f7b9-a',
          'payment call failed: https://payment:50051: x509: certificate has expired or is not yet valid: current time 2026-11-24T10:00:30Z is after 2026-11-24T10:00:00Z',
          30,
          66,
        ),
      );
    },
    guard(w) {
      complains(
        w,
        'Pod/shop/checkout-5f7b9-a',
        'payment call failed: https://payment:50051: x509: certificate signed by unknown authority',
        30,
        66,
      );
    },
  },
  {
    id: 'F37',
    expect: {
      category: ['tls.verification-failed', 'change.bad-config'],
      on: ['Deployment/shop/checkout', 'Secret/shop/payment-tls', 'Service/shop/payment', 'ConfigMap/shop/app-config'],
    },
    play(w) {
      w.at(20);
      w.patch('ConfigMap/shop/app-config', {
        data: { 'ca.crt': '-----BEGIN CERTIFICATE-----new-----END CERTIFICATE-----' },
      });
      w.evidence(() =>
        complains(
          w,
          'Pod/shop/checkout-5f7b9-a',
          'payment call failed: https://payment:50051: x509: certificate signed by unknown authority',
          30,
          66,
        ),
      );
    },
    guard(w) {
      complains(
        w,
        'Pod/shop/checkout-5f7b9-a',
        'payment call failed: https://payment:50051: x509: certificate has expired or is not yet valid: current time 2026-11-24T10:00:30Z is after 2026-11-24T10:00:00Z',
        30,
        66,
      );
    },
  },
];
