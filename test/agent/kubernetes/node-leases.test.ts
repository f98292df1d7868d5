import { describe, expect, test } from '@jest/globals';
import { createNodeLeases } from '../../../agent/collectors/kubernetes/node-leases.js';

/** One lease of 40 s under a clock of its own; `said` holds the renewTime of each lease that was published. */
function world() {
  let nowMs = 0;
  const said: unknown[] = [];
  const leases = createNodeLeases(
    (lease) => said.push((lease['spec'] as { renewTime: string }).renewTime),
    () => nowMs,
  );
  const renew = (renewTime: string) =>
    leases.seen({ metadata: { name: 'node-1' }, spec: { leaseDurationSeconds: 40, renewTime } });
  const pass = (seconds: number, watching = true) => {
    for (let second = 0; second < seconds; second++) {
      nowMs += 1000;
      leases.tick(watching);
    }
  };
  return { said, renew, pass, leases };
}

describe('node leases', () => {
  test('that are renewed are never said', () => {
    const { said, renew, pass } = world();
    for (let at = 0; at < 20; at++) {
      renew(`t${at}`);
      pass(10);
    }
    expect(said).toEqual([]);
  });

  test('are said once when they run out, and once when they are renewed for the second time', () => {
    const { said, renew, pass } = world();
    renew('t1');
    pass(40);
    expect(said).toEqual([]);
    pass(60);
    expect(said).toEqual(['t1']);
    renew('t2');
    expect(said).toEqual(['t1']);
    renew('t3');
    pass(10);
    expect(said).toEqual(['t1', 't3']);
  });

  test('a single renewal of a dying node is no recovery', () => {
    const { said, renew, pass } = world();
    renew('t1');
    pass(50);
    renew('t2');
    pass(50);
    renew('t3');
    pass(50);
    expect(said).toEqual(['t1']);
  });

  test('say nothing while renewals cannot be seen, and count anew afterwards', () => {
    const { said, renew, pass } = world();
    renew('t1');
    pass(300, false);
    expect(said).toEqual([]);
    pass(40);
    expect(said).toEqual([]);
    pass(1);
    expect(said).toEqual(['t1']);
  });

  test('of nodes that are gone are forgotten', () => {
    const { said, renew, pass, leases } = world();
    renew('t1');
    leases.deleted({ metadata: { name: 'node-1' } });
    pass(100);
    expect(said).toEqual([]);
  });
});
