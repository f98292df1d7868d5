import { describe, expect, test } from '@jest/globals';
import { told, world } from '../world.js';

const ready = { ports: '8080:8080', targetPorts: '8080', clusterIP: '10.0.0.4', readyEndpoints: 1, endpoints: 1 };

describe('calls that are refused by who is well', () => {
  const play = (more: (w: ReturnType<typeof world>) => void): string[] => {
    const w = world();
    w.service('cart');
    w.service('web');
    w.thing('Service/cart', { at: 1, selector: { app: 'cart' }, facts: ready });
    more(w);
    w.happens('call.refused', 'Deployment/web', 60, 90, { peer: 'cart:8080', error: 'ECONNREFUSED' });
    return told(w.run(92));
  };

  test('nobody listens', () => {
    expect(play(() => undefined)).toEqual(['app.not-listening Deployment/shop/cart']);
  });

  test('unless the callee was down when they began, even if it is back', () => {
    const said = play(({ thing }) => {
      thing('Pod/cart-1', { at: 58, labels: { app: 'cart' }, wrong: ['pod.not-ready'] });
      thing('Pod/cart-1', { at: 64, labels: { app: 'cart' } });
    });
    expect(said).not.toContain('app.not-listening Deployment/shop/cart');
  });

  test('unless its Service has no endpoint that is ready', () => {
    const said = play(({ thing }) =>
      thing('Service/cart', { at: 2, selector: { app: 'cart' }, facts: { ...ready, readyEndpoints: 0 } }),
    );
    expect(said).not.toContain('app.not-listening Deployment/shop/cart');
  });
});

describe('packets that vanish', () => {
  test('when the connection is never made, the way is to blame; when only the answer is late, the callee', () => {
    const play = (phase: string | null): string[] => {
      const { service, happens, run } = world();
      service('cart');
      service('web');
      const attributes = { peer: 'cart:8080', error: 'ETIMEDOUT', ...(phase !== null && { phase }) };
      happens('call.timeout', 'Deployment/web', 60, 90, attributes);
      return told(run(92));
    };
    expect(play('connect')).toEqual(['network.unreachable Service/shop/cart']);
    expect(play(null)).toEqual(['app.slow Deployment/shop/cart']);
  });

  test('a node that does not reach another is cut off from it, unless the other is known to be lost', () => {
    const play = (lost: boolean): string[] => {
      const { thing, happens, run } = world();
      thing('Node/n1', { facts: { ip: '10.1.0.1' } });
      thing('Node/n2', { facts: { ip: '10.1.0.2' } });
      if (lost) thing('Node/n2', { at: 55, facts: { ip: '10.1.0.2' }, wrong: ['node.not-ready'] });
      happens('call.timeout', 'Node/n1', 60, 90, { peer: '10.1.0.2:10250', error: 'ETIMEDOUT' });
      return told(run(92));
    };
    expect(play(false)).toEqual(['network.partition Node/n1']);
    expect(play(true)).not.toContain('network.partition Node/n1');
  });

  test('an address that an EndpointSlice lists and no pod has is stale', () => {
    const play = (held: boolean): string[] => {
      const { thing, service, happens, run } = world();
      thing('Namespace/shop');
      service('cart');
      service('web');
      thing('EndpointSlice/cart-x', { facts: { service: 'cart', addresses: '10.2.0.7' }, ownedBy: 'Service/cart' });
      if (held) thing('Pod/cart-1', { at: 1, labels: { app: 'cart' }, facts: { ip: '10.2.0.7' } });
      happens('call.unreachable', 'Deployment/web', 60, 90, { peer: '10.2.0.7:8080' });
      return told(run(92));
    };
    expect(play(false)).toEqual(['service.stale-endpoint Service/shop/cart']);
    expect(play(true)).not.toContain('service.stale-endpoint Service/shop/cart');
  });
});

describe('callers that cannot resolve names by their own fault', () => {
  const play = (egress: object[], dnsPolicy?: string): string[] => {
    const { thing, service, happens, run } = world();
    service('cart');
    service('web');
    thing('Namespace/shop');
    thing('Service/kube-system/kube-dns', { facts: { clusterIP: '10.0.0.10' } });
    if (dnsPolicy) thing('Pod/web-1', { at: 1, labels: { app: 'web' }, facts: { dnsPolicy } });
    else {
      const facts = { policyTypes: 'Egress', egressRules: egress.length, egress: JSON.stringify(egress) };
      thing('NetworkPolicy/out', { at: 55, selector: {}, facts });
      happens('change.created', 'NetworkPolicy/out', 55);
    }
    happens('dns.failed', 'Deployment/web', 60, 90, { name: 'cart' });
    return told(run(92));
  };

  test('a policy that lets nothing out to port 53 is to blame', () => {
    expect(play([{ ports: [{ port: 443 }] }])).toEqual(['network.policy-blocks NetworkPolicy/shop/out']);
  });

  test.each([[[{ ports: [{ port: 53, protocol: 'UDP' }] }]], [[{ to: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }]]])(
    'one that allows it is not: %j',
    (egress) => {
      expect(play(egress)).not.toContain('network.policy-blocks NetworkPolicy/shop/out');
    },
  );

  test('a pod that does not ask the cluster’s DNS does not know its names', () => {
    expect(play([], 'Default')).toEqual(['dns.policy-wrong Deployment/shop/web']);
  });
});
