import { describe, expect, test } from '@jest/globals';
import type { Category } from '../../../src/model/categories.js';
import { told, world } from '../world.js';

describe('what a client is told by the store that it uses', () => {
  const play = (category: Category, attributes: Record<string, string>, stores: readonly string[]): string[] => {
    const { thing, happens, service, run } = world();
    service('web');
    for (const name of stores) {
      service(name, '6379:6379');
      const facts = { images: 'docker.io/library/redis:7', ports: '6379' };
      thing(`Pod/${name}-1`, { at: 1, labels: { app: name }, facts });
    }
    const calls = stores.map((name) => ['CALLS', `Service/${name}`] as const);
    thing('Deployment/web', { at: 1, selector: { app: 'web' }, relations: [['OWNS', 'Pod/web-1'], ...calls] });
    happens(category, 'Deployment/web', 60, 90, attributes);
    return told(run(92));
  };

  test('is the store’s', () => {
    expect(play('db.password-required', {}, ['cache'])).toEqual(['db.password-required Deployment/shop/cache']);
  });

  test('stays the client’s when more than one store could be meant', () => {
    expect(play('db.password-required', {}, ['cache', 'sessions'])).toEqual([
      'db.password-required Deployment/shop/web',
    ]);
  });

  test('a pool of its own that is empty is the client’s', () => {
    expect(play('db.connections-exhausted', {}, ['cache'])).toEqual(['db.connections-exhausted Deployment/shop/web']);
    expect(play('db.connections-exhausted', { by: 'server' }, ['cache'])).toEqual([
      'db.connections-exhausted Deployment/shop/cache',
    ]);
  });
});
