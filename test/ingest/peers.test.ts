import { describe, expect, test } from '@jest/globals';
import { createInventory, type Inventory } from '../../ingest/inventory.js';
import { resolvePeer } from '../../ingest/peers.js';
import type { Category } from '../../src/model/categories.js';
import { entityTitle } from '../../src/model/entity.js';
import type { UnifiedEvent } from '../../src/model/unified-event.js';
import { event, stated } from './finding.js';

function cluster(): Inventory {
  const inventory = createInventory();
  for (const finding of [
    stated('Namespace/shop'),
    stated('Namespace/bank'),
    stated('Service/store', {
      facts: { ports: '80:8080,9090:metrics', clusterIP: '10.0.0.7', clusterIPs: '10.0.0.7,fd00::7' },
    }),
    stated('Service/bank/ledger', { facts: { ports: '443:8443', clusterIP: '10.0.0.8' } }),
    stated('Service/bank/store', { facts: { ports: '1234:1234', clusterIP: '10.0.0.9' } }),
    stated('Service/portless'),
    stated('Service/kube-system/kube-dns', { facts: { clusterIP: '10.0.0.10' } }),
  ])
    inventory.apply(finding);
  return inventory;
}

/** `Kind/namespace/name`, with `!` when the port is wrong. Ten minutes after everything was made, so that nothing is new. */
function called(
  attributes: UnifiedEvent['semantic']['attributes'],
  {
    category = 'call.refused',
    on = 'Deployment/cart',
    inventory = cluster(),
    first = 600,
  }: {
    readonly category?: Category;
    readonly on?: string;
    readonly inventory?: Inventory;
    readonly first?: number;
  } = {},
): string | null {
  const peer = resolvePeer(event(category, on, { first, attributes }), inventory);
  return peer === null ? null : entityTitle(inventory.ref(peer.target)) + (peer.wrongPort ? ' !' : '');
}

describe('who is called', () => {
  test.each([
    'store',
    'store:80',
    'STORE:80',
    'store.shop:80',
    'store.shop.svc:80',
    'store.shop.svc.cluster.local:80',
    'store.shop.svc.cluster.local.:80',
    'http://store:80/items?page=1',
    'postgres://user:secret@store.shop:9090/orders',
    '10.0.0.7:80',
    'http://10.0.0.7:80',
    '[fd00::7]:80',
    'http://[fd00::7]:80/items',
  ])('%s is the Service', (peer) => {
    expect(called({ peer })).toBe('Service/shop/store');
  });

  test('is looked up from where the caller is', () => {
    expect(called({ peer: 'store' }, { on: 'Deployment/bank/teller' })).toBe('Service/bank/store');
    expect(called({ peer: 'store.shop:80' }, { on: 'Deployment/bank/teller' })).toBe('Service/shop/store');
    expect(called({ peer: 'ledger:443' })).toBe('ExternalEndpoint/ledger');
    expect(called({ peer: 'ledger.bank:443' })).toBe('Service/bank/ledger');
  });

  test('an address is found in whatever namespace', () => {
    expect(called({ peer: '10.0.0.8:443' })).toBe('Service/bank/ledger');
    expect(called({ peer: '10.0.0.77:443' })).toBe('ExternalEndpoint/10.0.0.77');
  });

  test('a port that the Service does not have is told; one that is not written, or not known, is not', () => {
    expect(called({ peer: 'store:8080' })).toBe('Service/shop/store !');
    expect(called({ peer: '10.0.0.7:8080' })).toBe('Service/shop/store !');
    expect(called({ peer: 'store:9090' })).toBe('Service/shop/store');
    expect(called({ peer: 'store' })).toBe('Service/shop/store');
    expect(called({ peer: 'portless:8080' })).toBe('Service/shop/portless');
  });

  test('what spans say, in attributes of their own', () => {
    expect(called({ 'server.address': 'store', 'server.port': 80 })).toBe('Service/shop/store');
    expect(called({ 'server.address': 'store', 'server.port': '81' })).toBe('Service/shop/store !');
    expect(called({ 'server.address': 'payment', peer: 'store:80' })).toBe('Service/shop/store');
  });

  test('what is outside is an endpoint by its name, without its port', () => {
    expect(called({ peer: 'https://api.example.com:8443/v1' })).toBe('ExternalEndpoint/api.example.com');
    expect(called({ peer: 'api.stripe.com' })).toBe('ExternalEndpoint/api.stripe.com');
  });

  test.each(['localhost:80', '127.0.0.1:80', '127.1.2.3', '[::1]:80', ''])('%p is the caller itself', (peer) => {
    expect(called({ peer })).toBeNull();
  });

  test('nobody, in what is no call or names none', () => {
    expect(called({ peer: 'store:80' }, { category: 'log.error' })).toBeNull();
    expect(called({})).toBeNull();
    expect(called({ peer: 80 })).toBeNull();
  });

  test('a Service that was deleted is still who is meant', () => {
    const inventory = cluster();
    inventory.apply(stated('Service/store', { at: 5, deleted: true }));
    expect(called({ peer: 'store:80' }, { inventory })).toBe('Service/shop/store');
    expect(called({ name: 'store' }, { category: 'dns.failed', inventory })).toBe('Service/shop/store');
  });
});

describe('a name that does not resolve', () => {
  const category = 'dns.failed';

  test('though it exists is the fault of the cluster’s DNS', () => {
    expect(called({ name: 'store' }, { category })).toBe('Service/kube-system/kube-dns');
    expect(called({ name: 'store.shop.svc.cluster.local' }, { category })).toBe('Service/kube-system/kube-dns');
  });

  test('because it is new is its own: resolvers remember for a while that it was not there', () => {
    expect(called({ name: 'store' }, { category, first: 59 })).toBe('Service/shop/store');
    expect(called({ name: 'store' }, { category, first: 60 })).toBe('Service/kube-system/kube-dns');
  });

  test('where the DNS is not known stays with the Service', () => {
    const inventory = createInventory();
    inventory.apply(stated('Service/store'));
    expect(called({ name: 'store' }, { category, inventory })).toBe('Service/shop/store');
  });

  test('and never was there is a Service that is missing, when it can only have meant one', () => {
    const inventory = cluster();
    expect(called({ name: 'stor' }, { category, inventory })).toBe('Service/shop/stor');
    expect(inventory.observed(inventory.indexOf('test/shop/Service/stor'))).toBe(false);
    expect(called({ name: 'api.example.com' }, { category })).toBe('ExternalEndpoint/api.example.com');
  });
});
