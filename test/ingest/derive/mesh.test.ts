import { describe, expect, test } from '@jest/globals';
import { told, world } from '../world.js';

describe('policies of a mesh', () => {
  const said = (mode: string, selector: Record<string, string>, changed = true): string[] => {
    const { thing, happens, service, run } = world();
    service('cart');
    service('web');
    thing('PeerAuthentication/strict', { at: 55, facts: { mode }, selector });
    if (changed) happens('change.created', 'PeerAuthentication/strict', 55);
    happens('call.reset', 'Deployment/web', 60, 90, { peer: 'cart:8080', error: 'TLS' });
    return told(run(92));
  };
  const blamed = 'mesh.mtls-required PeerAuthentication/shop/strict';

  test('turn callers away since they hold for what is called', () => {
    expect(said('STRICT', {})).toEqual([blamed]);
    expect(said('STRICT', { app: 'cart' })).toEqual([blamed]);
  });

  test('that take plain text, hold for something else, or always were there, do not', () => {
    expect(said('PERMISSIVE', {})).not.toContain(blamed);
    expect(said('STRICT', { app: 'payment' })).not.toContain(blamed);
    expect(said('STRICT', {}, false)).not.toContain(blamed);
  });
});

describe('Ingresses', () => {
  test('whose certificate is not there, where Secrets are seen', () => {
    const said = (seesSecrets: boolean): string[] => {
      const { thing, happens, run } = world();
      thing('Namespace/shop');
      if (seesSecrets) thing('Secret/other');
      thing('Ingress/shop', { at: 60, created: 60, facts: { tlsSecrets: 'shop-tls', hasAddress: true } });
      happens('change.created', 'Ingress/shop', 60);
      return told(run(100));
    };
    expect(said(true)).toEqual(['ingress.certificate-missing Ingress/shop/shop']);
    expect(said(false)).toEqual([]);
  });

  test('of a class that does not exist, where classes are seen', () => {
    const said = (classes: readonly string[], facts: Record<string, string | boolean>): string[] => {
      const { thing, happens, run } = world();
      thing('Namespace/shop');
      for (const name of classes) thing(`IngressClass/${name}`);
      thing('Ingress/shop', { at: 60, created: 60, facts });
      happens('change.created', 'Ingress/shop', 60);
      return told(run(100));
    };
    expect(said(['nginx'], { class: 'traefik' })).toEqual(['ingress.no-controller Ingress/shop/shop']);
    expect(said([], { class: 'traefik' })).toEqual([]);
    expect(said(['nginx'], { class: 'nginx' })).toEqual([]);
  });
});
