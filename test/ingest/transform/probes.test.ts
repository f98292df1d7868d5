import { beforeEach, describe, expect, test } from '@jest/globals';
import type { UnifiedEvent } from '../../../src/model/unified-event.js';
import { createWorld, events, raw, type World } from './world.js';

let world: World;
beforeEach(() => {
  world = createWorld();
});

function probe(at: string, error: string | null, place: Readonly<Record<string, string>>): UnifiedEvent[] {
  const data = { kind: 'probe', peer: 'cart', port: 7070, reachable: error === null, error };
  return events(world.transform.transform(raw('network', at, data, { source: 'network@node-1', ...place })));
}

const web = { namespace: 'market', workload: 'web', workloadKind: 'Deployment' };

describe('a probe that is not answered', () => {
  test.each([
    ['dial tcp 10.96.0.22:7070: connect: connection refused', 'call.refused'],
    ['dial tcp 10.96.0.22:7070: i/o timeout', 'call.timeout'],
    ['connect: no route to host', 'call.unreachable'],
    ['lookup cart on 10.96.0.10:53: no such host', 'dns.failed'],
    ['', 'call.unreachable'],
  ])('with "%s" is %s of whoever tried', (error, category) => {
    const [event] = probe('10:00:00', error, web);
    expect(event).toMatchObject({ semantic: { category }, entity: { kind: 'Deployment', name: 'web' } });
    expect(event!.semantic.attributes.peer).toBe('cart:7070');
  });

  test('belongs to the node when nobody else is named', () => {
    expect(probe('10:00:00', 'i/o timeout', { node: 'node-1' })[0]?.entity.id).toBe('test/_/Node/node-1');
  });

  test('again and again is one event', () => {
    expect(probe('10:00:00', 'i/o timeout', web)).toHaveLength(1);
    expect(probe('10:00:03', 'i/o timeout', web)).toEqual([]);
    expect(events(world.tick('10:00:09')).map(({ count }) => count)).toEqual([2]);
  });
});

test('a probe that is answered says nothing', () => {
  expect(probe('10:00:00', null, web)).toEqual([]);
});
