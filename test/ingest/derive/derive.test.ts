import { describe, expect, test } from '@jest/globals';
import { affected, place, told, world } from '../world.js';

describe('what only the whole picture shows', () => {
  test('names that exist and cannot be resolved are the fault of the DNS, for all callers at once', () => {
    const { thing, happens, service, run } = world();
    for (const name of ['cart', 'store', 'payment']) service(name);
    thing('Service/kube-system/kube-dns', { facts: { clusterIP: '10.0.0.10' } });
    happens('dns.failed', 'Deployment/cart', 60, 90, { name: 'store' });
    happens('dns.failed', 'Deployment/store', 61, 90, { name: 'payment.shop.svc.cluster.local' });
    happens('call.timeout', 'Deployment/cart', 62, 90, { peer: 'payment:8080', error: 'ETIMEDOUT' });
    const results = run(90);
    expect(told(results)).toEqual(['dns.server-down Service/kube-system/kube-dns']);
    expect(affected(results[0])).toEqual(expect.arrayContaining(['Deployment/shop/cart', 'Deployment/shop/store']));
  });

  test('a registry that fails the images of several workloads is one story, and its own', () => {
    const pulls = (...names: string[]): string[] => {
      const { thing, happens, run } = world();
      for (const name of names) {
        thing(`Deployment/${name}`, { relations: [['OWNS', `Pod/${name}-1`]] });
        thing(`Pod/${name}-1`, { relations: [['USES', 'Registry/quay.io']] });
        happens('image.registry-unreachable', `Deployment/${name}`, 60, 120, { registry: 'quay.io' });
      }
      return told(run(120));
    };
    expect(pulls('cart', 'web', 'mail')).toEqual(['image.registry-unreachable Registry/quay.io']);
    // One alone may have its own reason: its node, its proxy.
    expect(pulls('cart')).toEqual(['image.registry-unreachable Deployment/shop/cart']);
  });

  test('a name that never was a Service is its caller’s own mistake', () => {
    const { happens, service, run } = world();
    service('cart');
    happens('change.config', 'ConfigMap/cart-config', 55, 55, { keys: 'STORE_URL', to: 'http://stor:8080' });
    happens('dns.failed', 'Deployment/cart', 60, 90, { name: 'stor' });
    expect(told(run(90))).toEqual(['dns.failed Deployment/shop/cart']);
  });

  test('an expired certificate is the callee’s, and sits in its Secret', () => {
    const { thing, happens, service, run } = world();
    service('checkout');
    service('payment');
    thing('Deployment/payment', {
      at: 1,
      selector: { app: 'payment' },
      relations: [
        ['OWNS', 'Pod/payment-1'],
        ['USES', 'Secret/payment-tls'],
      ],
    });
    thing('Secret/payment-tls', { facts: { type: 'kubernetes.io/tls' } });
    happens('tls.certificate-expired', 'Deployment/checkout', 60, 90, { peer: 'payment.shop.svc.cluster.local:8080' });
    const results = run(90);
    expect(told(results)).toEqual(['tls.certificate-expired Secret/shop/payment-tls']);
    expect(affected(results[0])).toContain('Deployment/shop/checkout');
  });

  test('a port that was taken from a Service fails those that call it', () => {
    const { thing, happens, service, run } = world();
    service('cart');
    service('web');
    thing('Service/cart', { at: 58, selector: { app: 'cart' }, facts: { ports: '9090:8080' } });
    happens('change.spec', 'Service/cart', 58, 58, { paths: 'spec.ports[http].port' });
    happens('call.timeout', 'Deployment/web', 60, 90, { peer: 'cart:8080' });
    expect(told(run(90))).toEqual(['service.port-mismatch Service/shop/cart']);
  });

  test('who calls a port that a Service never had is not the Service’s fault', () => {
    const { happens, service, run } = world();
    service('cart');
    service('web');
    happens('call.refused', 'Deployment/web', 60, 90, { peer: 'cart:8089' });
    expect(told(run(90))).toEqual(['call.refused Deployment/shop/web']);
  });

  test('several callers that time out on one callee, which is otherwise well, wait for a slow one', () => {
    const { happens, service, run } = world();
    for (const name of ['cart', 'catalog', 'store']) service(name);
    happens('call.timeout', 'Deployment/cart', 60, 90, { peer: 'store:8080' });
    happens('call.timeout', 'Deployment/catalog', 61, 90, { peer: 'store:8080' });
    const results = run(90);
    expect(told(results)).toEqual(['app.slow Deployment/shop/store']);
    expect(affected(results[0])).toEqual(expect.arrayContaining(['Deployment/shop/cart', 'Deployment/shop/catalog']));
  });

  test('calls that time out since a NetworkPolicy lets none in are blocked by it', () => {
    const { thing, happens, service, run } = world();
    service('cart');
    service('web');
    thing('NetworkPolicy/deny-cart', {
      at: 58,
      selector: { app: 'cart' },
      facts: { policyTypes: 'Ingress', ingressRules: 0 },
    });
    happens('change.created', 'NetworkPolicy/deny-cart', 58);
    happens('call.timeout', 'Deployment/web', 60, 90, { peer: 'cart:8080' });
    expect(told(run(90))).toEqual(['network.policy-blocks NetworkPolicy/shop/deny-cart']);
  });

  test('a NetworkPolicy that nothing suffers from is no incident', () => {
    const { thing, happens, service, run } = world();
    service('cart');
    thing('NetworkPolicy/deny-cart', {
      at: 58,
      selector: { app: 'cart' },
      facts: { policyTypes: 'Ingress', ingressRules: 0 },
    });
    happens('change.created', 'NetworkPolicy/deny-cart', 58);
    expect(told(run(120))).toEqual([]);
  });

  test('a permission that is refused since its RoleBinding was deleted is told of the RoleBinding', () => {
    const { thing, happens, run } = world();
    thing('Deployment/catalog', { relations: [['USES', 'ServiceAccount/catalog']] });
    thing('ServiceAccount/catalog', { relations: [['USES', 'RoleBinding/reads-flags']] });
    thing('RoleBinding/reads-flags', { relations: [['USES', 'Role/flag-reader']] });
    thing('RoleBinding/reads-flags', { at: 58, deleted: true });
    happens('change.deleted', 'RoleBinding/reads-flags', 58);
    happens('rbac.forbidden', 'Deployment/catalog', 60, 90, { verb: 'get', resource: 'configmaps' });
    expect(told(run(90))).toEqual(['rbac.forbidden RoleBinding/shop/reads-flags']);
  });

  test('what a quota refuses is affected by it', () => {
    const { thing, happens, run } = world();
    thing('Deployment/web', { relations: [['OWNS', 'ReplicaSet/web-1']] });
    thing('ReplicaSet/web-1');
    thing('ResourceQuota/shop');
    happens('quota.exceeded', 'ResourceQuota/shop', 60, 90, { victim: place('ReplicaSet/web-1').id });
    happens('workload.unavailable', 'Deployment/web', 62, 90);
    const results = run(90);
    expect(told(results)).toEqual(['quota.exceeded ResourceQuota/shop/shop']);
    expect(affected(results[0])).toContain('Deployment/shop/web');
  });

  test('pods that find every node cordoned are held back by the nodes', () => {
    const { thing, happens, run } = world();
    thing('Node/node-1');
    thing('Deployment/web');
    happens('node.cordoned', 'Node/node-1', 58, 90);
    happens('scheduling.node-unschedulable', 'Deployment/web', 60, 90);
    expect(told(run(90))).toEqual(['node.cordoned Node/node-1']);
  });

  test('a Service whose workload was deleted is not told to have a wrong selector', () => {
    const { thing, happens, service, run } = world();
    for (const name of ['cart', 'payment']) service(name);
    happens('service.no-ready-endpoints', 'Service/cart', 59, 90);
    happens('change.deleted', 'Deployment/cart', 58);
    thing('Deployment/cart', { at: 60, deleted: true });
    thing('Pod/cart-1', { at: 61, deleted: true });
    expect(told(run(90))).toEqual(['change.deleted Deployment/shop/cart']);
  });

  test('a route to a Service that was deleted is told of the Service', () => {
    const { thing, happens, service, run } = world();
    thing('Namespace/shop');
    service('cart');
    thing('Ingress/shop', { facts: { backends: 'cart:8080' }, relations: [['ROUTES_TO', 'Service/cart']] });
    thing('Service/cart', { at: 58, deleted: true });
    happens('change.deleted', 'Service/cart', 58);
    const results = run(90);
    expect(told(results)).toEqual(['service.deleted Service/shop/cart']);
    expect(affected(results[0])).toContain('Ingress/shop/shop');
  });

  test('an address belongs to the Service that has it, in whatever namespace; that of the API server to the API server', () => {
    const { thing, happens, service, run } = world();
    thing('Namespace/default');
    thing('Service/default/kubernetes', {
      facts: { clusterIP: '10.0.0.1', ports: '443:6443' },
      relations: [['SELECTS', 'ControlPlane/kube-apiserver']],
    });
    service('catalog');
    happens('call.refused', 'Deployment/catalog', 60, 90, { peer: '10.0.0.1:443' });
    expect(told(run(90))).toEqual(['apiserver.down ControlPlane/kube-apiserver']);
  });

  test('one restart that is over within seconds is no incident', () => {
    const { happens, service, run } = world();
    for (const name of ['web', 'store']) service(name);
    happens('container.restarted', 'Deployment/store', 60, 60, { restartCount: 1, exitCode: 0 });
    happens('call.refused', 'Deployment/web', 60, 63, { peer: 'store:8080' });
    happens('pod.not-ready', 'Deployment/store', 60, 62);
    expect(told(run(120))).toEqual([]);
  });

  test('a restart that goes on hurting is one', () => {
    const { happens, service, run } = world();
    for (const name of ['web', 'store']) service(name);
    happens('container.restarted', 'Deployment/store', 60, 60, { restartCount: 1, exitCode: 0 });
    happens('call.refused', 'Deployment/web', 60, 80, { peer: 'store:8080' });
    expect(told(run(120))).toEqual(['container.restarted Deployment/shop/store']);
  });

  test('one caller whose own resolver is wrong does not speak for the DNS', () => {
    const { thing, happens, service, run } = world();
    for (const name of ['cart', 'store']) service(name);
    thing('Service/kube-system/kube-dns', { facts: { clusterIP: '10.0.0.10' } });
    happens('change.spec', 'Deployment/cart', 58, 58, { paths: 'spec.template.spec.dnsPolicy' });
    happens('dns.failed', 'Deployment/cart', 60, 90, { name: 'store' });
    expect(told(run(90))).toEqual(['change.bad-release Deployment/shop/cart']);
  });

  test('one caller that was changed itself and waits in vain does not make its callee slow', () => {
    const { happens, service, run } = world();
    for (const name of ['cart', 'store']) service(name);
    happens('change.spec', 'Deployment/cart', 58, 58, { paths: 'spec.template.spec.containers[cart].env[TIMEOUT_MS]' });
    happens('call.timeout', 'Deployment/cart', 60, 120, { peer: 'store:8080' });
    expect(told(run(120))).toEqual(['change.bad-release Deployment/shop/cart']);
  });

  test('a taint that repels the pods of many workloads is one incident, of the node', () => {
    const { thing, happens, run } = world();
    thing('Node/node-1');
    for (const name of ['a', 'b', 'c']) thing(`Deployment/${name}`);
    happens('change.spec', 'Node/node-1', 58, 58, { paths: 'spec.taints[dedicated]' });
    for (const name of ['a', 'b', 'c']) happens('scheduling.untolerated-taint', `Deployment/${name}`, 60, 90);
    expect(told(run(90))).toEqual(['scheduling.untolerated-taint Node/node-1']);
  });
});
