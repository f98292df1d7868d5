import { beforeEach, describe, expect, test } from '@jest/globals';
import type { UnifiedEvent } from '../../../src/model/unified-event.js';
import { createWorld, events, raw, type World } from './world.js';

let world: World;
beforeEach(() => {
  world = createWorld();
});

function calls(second: number, service: string, peer: string, count: number, errorRatio = 0): UnifiedEvent[] {
  const at = `10:${String(Math.floor(second / 60)).padStart(2, '0')}:${String(second % 60).padStart(2, '0')}`;
  const data = { kind: 'flow', peer, peerPod: null, intervalMs: 10_000, count, errorRatio, latencyMs: null };
  const place = { namespace: 'market', workload: service, workloadKind: 'Deployment', service };
  return events(world.transform.transform(raw('network', at, data, { source: 'network@node-1', ...place }))).filter(
    ({ semantic }) => semantic.category === 'app.retry-storm',
  );
}

function usual(): void {
  for (let second = 0; second < 120; second += 10) {
    calls(second, 'web', 'checkout', 100);
    calls(second, 'checkout', 'payment', 100 + (second % 3));
  }
}

describe('retries', () => {
  test('are a storm when calls multiply at what fails, while nobody asks the caller for more', () => {
    usual();
    calls(120, 'web', 'checkout', 101);
    expect(calls(120, 'checkout', 'payment', 700, 0.5)).toEqual([]);
    calls(130, 'web', 'checkout', 99);
    const [storm] = calls(130, 'checkout', 'payment', 800, 0.5);
    expect(storm?.semantic.attributes).toMatchObject({ peer: 'payment', factor: 7.9 });
    expect(storm?.entity.name).toBe('checkout');
  });

  test('are none when the caller is asked for as much more itself', () => {
    usual();
    for (const second of [120, 130, 140]) {
      calls(second, 'web', 'checkout', 700);
      expect(calls(second, 'checkout', 'payment', 700, 0.5)).toEqual([]);
    }
  });

  test('are none when nothing fails', () => {
    usual();
    for (const second of [120, 130, 140]) expect(calls(second, 'checkout', 'payment', 700)).toEqual([]);
  });
});
