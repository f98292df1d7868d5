import { describe, expect, test } from '@jest/globals';
import { told, world } from '../world.js';

describe('what was configured so that it cannot work', () => {
  test('an address whose port the Service does not have is the fault of who was given it', () => {
    const { thing, happens, service, run } = world();
    thing('Namespace/shop');
    for (const name of ['cart', 'store']) service(name);
    thing('Deployment/cart', {
      created: 30,
      selector: { app: 'cart' },
      facts: { addresses: 'STORE_URL=store.shop:8081' },
    });
    happens('call.refused', 'Deployment/cart', 60, 90, { peer: 'store:8081' });
    expect(told(run(90))).toEqual(['config.wrong-address Deployment/shop/cart']);
  });

  test('where the pods serve that port, it is the Service that leads elsewhere', () => {
    const { thing, happens, service, run } = world();
    thing('Namespace/shop');
    for (const name of ['cart', 'store']) service(name);
    thing('Pod/store-1', { labels: { app: 'store' }, facts: { ports: 'http:8081' } });
    thing('Deployment/cart', {
      created: 30,
      selector: { app: 'cart' },
      facts: { addresses: 'STORE_URL=store.shop:8081' },
    });
    happens('call.refused', 'Deployment/cart', 60, 90, { peer: 'store:8081' });
    expect(told(run(90))).toEqual(['service.port-mismatch Service/shop/store']);
  });

  test('a Service that forwards datagrams to pods that serve TCP', () => {
    const { thing, happens, service, run } = world();
    for (const name of ['cart', 'store']) service(name);
    thing('Service/store', { selector: { app: 'store' }, facts: { ports: '8080:8080', protocols: 'UDP' } });
    thing('Pod/store-1', { labels: { app: 'store' }, facts: { ports: '8080' } });
    happens('call.refused', 'Deployment/cart', 60, 90, { peer: 'store:8080' });
    expect(told(run(90))).toEqual(['service.protocol-mismatch Service/shop/store']);
  });

  test('a Service that is called and does not exist, where the quota has no room for it', () => {
    const missing = (used: string): string[] => {
      const { thing, happens, service, run } = world();
      thing('Namespace/shop');
      service('cart');
      thing('ResourceQuota/small', { facts: { 'hard.services': '2', 'used.services': used } });
      happens('dns.failed', 'Deployment/cart', 60, 90, { name: 'store' });
      return told(run(90));
    };
    expect(missing('2')).toEqual(['quota.exceeded ResourceQuota/shop/small']);
    expect(missing('1')).toEqual(['dns.failed Deployment/shop/cart']);
  });

  test('a route that is not named for what it leads to, in a table whose routes are', () => {
    const routed = (routes: string): string[] => {
      const { thing, happens, service, run } = world();
      thing('Namespace/shop');
      for (const name of ['cart', 'store', 'mail', 'user', 'price', 'seat']) service(name);
      thing('ConfigMap/gateway', { created: 30, facts: { routes } });
      happens('app.errors-up', 'Service/seat', 60, 90);
      return told(run(90));
    };
    const right = 'cart>cart,store>store,mail>mail,user>user,price>price';
    expect(routed(`${right},seat>price`)).toEqual(['config.wrong-route ConfigMap/shop/gateway']);
    expect(routed(`${right},seat>seat`)).not.toContain('config.wrong-route ConfigMap/shop/gateway');
    expect(routed('seat>price,cart>cart')).not.toContain('config.wrong-route ConfigMap/shop/gateway');
  });

  test('a workload without replicas, once somebody calls it', () => {
    const scaled = (called: boolean): string[] => {
      const { thing, happens, service, run } = world();
      service('cart');
      thing('Service/store', { selector: { app: 'store' }, facts: { ports: '8080:8080' } });
      thing('Deployment/store', { selector: { app: 'store' }, facts: { replicas: 0 } });
      happens('service.no-ready-endpoints', 'Service/store', 60, 90);
      if (called) happens('call.refused', 'Deployment/cart', 61, 90, { peer: 'store:8080' });
      return told(run(90));
    };
    expect(scaled(true)).toEqual(['workload.scaled-to-zero Deployment/shop/store']);
    expect(scaled(false)).not.toContain('workload.scaled-to-zero Deployment/shop/store');
  });
});
