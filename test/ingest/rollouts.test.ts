import { describe, expect, test } from '@jest/globals';
import { fromEpochMs } from '../../src/model/time.js';
import { place, startMs, told, world } from './world.js';

const minute = { intervalMs: 60_000 };

/** web calls checkout, checkout calls cart and stock; `rollOut` changes an image, its new pod is ready at a later second or never. */
function shop() {
  const w = world();
  for (const name of ['web', 'checkout', 'cart', 'stock']) w.service(name);
  const calls = (caller: string, peer: string): void => {
    w.findings.push({ kind: 'call', at: fromEpochMs(startMs + 1000), caller: place(`Deployment/${caller}`), peer });
  };
  calls('web', 'checkout');
  calls('checkout', 'cart');
  calls('checkout', 'stock');
  const rollOut = (name: string, at: number, readyAt: number | null): void => {
    w.happens('change.image', `Deployment/${name}`, at, at, { from: `${name}:1`, to: `${name}:2` });
    w.thing(`Pod/${name}-new`, { at, created: at, labels: { app: name }, ownedBy: `Deployment/${name}` });
    if (readyAt === null) return;
    const facts = { readyAt: fromEpochMs(startMs + readyAt * 1000) };
    w.thing(`Pod/${name}-new`, {
      at: readyAt,
      created: at,
      labels: { app: name },
      ownedBy: `Deployment/${name}`,
      facts,
    });
  };
  return { ...w, rollOut };
}

describe('several rollouts at once', () => {
  test('the one whose callers fail is to blame, not the newest', () => {
    const { happens, rollOut, run } = shop();
    rollOut('cart', 60, 100);
    rollOut('stock', 90, 130);
    happens('call.failed', 'Deployment/checkout', 180, 240, { peer: 'cart', ...minute });
    expect(told(run(260))).toEqual(['change.bad-release Deployment/shop/cart']);
  });

  test('where nobody saw the call in between, it is what the callee needs', () => {
    const { happens, rollOut, run } = shop();
    rollOut('stock', 60, 110);
    happens('call.failed', 'Deployment/web', 120, 180, { peer: 'checkout', ...minute });
    expect(told(run(200))).toEqual(['change.bad-release Deployment/shop/stock']);
  });

  test('a rollout that nobody is served by yet has failed nobody', () => {
    const { happens, rollOut, run } = shop();
    rollOut('cart', 60, 70);
    rollOut('stock', 100, null);
    happens('call.failed', 'Deployment/web', 120, 180, { peer: 'checkout', ...minute });
    expect(told(run(200))).toEqual(['change.bad-release Deployment/shop/cart']);
  });

  test('a canary settles it: only new pods fail; when only old ones do, the rollout is not to blame', () => {
    const failing = (pods: string): string[] => {
      const { happens, rollOut, run } = shop();
      rollOut('cart', 60, 70);
      happens('call.failed', 'Deployment/checkout', 400, 460, { peer: 'cart', failingPods: pods, ...minute });
      return told(run(480));
    };
    expect(failing('new')).toEqual(['change.bad-release Deployment/shop/cart']);
    expect(failing('old')).toEqual(['call.failed Deployment/shop/checkout']);
  });

  test('a caller that fails towards all of its callees is the one that was rolled out', () => {
    const { happens, rollOut, run } = shop();
    rollOut('checkout', 60, 100);
    rollOut('stock', 65, 90);
    for (const peer of ['cart', 'stock']) happens('call.failed', 'Deployment/checkout', 120, 180, { peer, ...minute });
    expect(told(run(200))).toEqual(['change.bad-release Deployment/shop/checkout']);
  });

  test('an alert alone is laid at the door of what was rolled out on its way, without much confidence among several', () => {
    const { happens, rollOut, run } = shop();
    rollOut('cart', 60, 100);
    rollOut('stock', 61, 100);
    happens('alert.firing', 'Deployment/web', 110, 160, { alert: 'Slow' });
    const [incident] = run(180);
    expect(incident?.category).toBe('change.bad-release');
    expect(incident?.confidence).toBeLessThan(0.6);
    expect(incident?.rootCauses.map(({ entity }) => entity.name)).toEqual(expect.arrayContaining(['cart', 'stock']));
  });
});

describe('rollouts whose diff is known', () => {
  const guard = { does: 'null-guard-removed', terms: 'coupon', gone: '', files: 'coupon.go', commit: 'c1' };
  const tidy = { does: '', terms: '', gone: '', files: 'handler.go', commit: 'c2' };
  const panic = 'panic: nil pointer dereference in coupon';

  test('the commit that does what went wrong is to blame, long after; not the newest, which does nothing', () => {
    const { happens, service, run } = world();
    service('cart');
    happens('change.risky-deploy', 'Deployment/cart', 60, 60, guard);
    happens('change.deploy', 'Deployment/cart', 960, 960, tidy);
    happens('log.fatal', 'Deployment/cart', 970, 1000, { line: panic });
    const [incident, ...others] = run(1020);
    expect(others).toEqual([]);
    expect(incident?.category).toBe('change.bad-release');
    expect(incident?.title).toBe('cart fails since commit c1 was rolled out');
  });

  test('none is to blame where none does what went wrong', () => {
    const { happens, service, run } = world();
    service('cart');
    happens('change.risky-deploy', 'Deployment/cart', 60, 60, guard);
    happens('change.deploy', 'Deployment/cart', 90, 90, tidy);
    happens('log.error', 'Deployment/cart', 100, 130, { line: 'partner feed sent a record without an id' });
    expect(told(run(150))).toEqual(['log.error Deployment/shop/cart']);
  });

  test('what both sides have to agree on is to blame wherever in the namespace it is missed', () => {
    const { happens, thing, service, run } = world();
    for (const name of ['cart', 'mail']) service(name);
    thing('Namespace/shop');
    const contract = { does: 'field-renamed', terms: 'order', gone: 'total', files: 'order.go', commit: 'c3' };
    happens('change.risky-deploy', 'Deployment/cart', 60, 60, contract);
    happens('change.risky-deploy', 'Namespace/shop', 60, 60, contract);
    happens('log.error', 'Deployment/mail', 90, 120, { line: "cannot decode order: missing field 'total'" });
    expect(told(run(140))).toEqual(['change.bad-release Namespace/shop']);
  });
});
