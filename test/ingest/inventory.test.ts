import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createInventory, type Inventory } from '../../ingest/inventory.js';
import { selects } from '../../ingest/selectors.js';
import { entityTitle, relationTypes, type RelationType } from '../../src/model/entity.js';
import type { EntityFinding } from '../../src/model/finding.js';
import { moment, stated, type Statement } from './finding.js';
import { place, startMs } from './world.js';

function observe(...findings: readonly EntityFinding[]) {
  const inventory = createInventory();
  const at = (on: string): number => inventory.indexOf(place(on).id);
  const title = (index: number): string => entityTitle(inventory.ref(index)).replace('/shop/', '/');
  const apply = (on: string, more: Statement = {}): number => inventory.apply(stated(on, more));
  for (const finding of findings) inventory.apply(finding);
  return {
    inventory,
    at,
    apply,
    unit: (on: string): string => title(inventory.unit(at(on))),
    out: (on: string, type: RelationType): string[] => inventory.out(at(on), type).map(title),
    unitsOut: (on: string, type: RelationType): string[] => inventory.unitsOut(at(on), type).map(title),
    unitsInto: (on: string, type: RelationType): string[] => inventory.unitsInto(at(on), type).map(title),
    members: (on: string): string[] => inventory.members(at(on)).map(title).sort(),
  };
}

/** As ownerReferences say it. */
const owned = (on: string, by: string, more: Statement = {}): EntityFinding =>
  stated(on, { ...more, relations: [['OWNS', on, by], ...(more.relations ?? [])] });

describe('the unit that a thing is told of', () => {
  const pod = owned('Pod/web-1', 'ReplicaSet/web', { relations: [['OWNS', 'Container/web-1/app']] });

  test('is the nearest known owner, and moves up as owners become known', () => {
    const { inventory, unit, members } = observe(pod);
    expect(unit('Pod/web-1')).toBe('ReplicaSet/web');
    expect(unit('Container/web-1/app')).toBe('ReplicaSet/web');
    inventory.apply(owned('ReplicaSet/web', 'Deployment/web'));
    for (const each of ['Pod/web-1', 'Container/web-1/app', 'ReplicaSet/web', 'Deployment/web'])
      expect(unit(each)).toBe('Deployment/web');
    expect(members('Deployment/web')).toEqual(['Container/web-1/app', 'Deployment/web', 'Pod/web-1', 'ReplicaSet/web']);
  });

  test('moves with the pod that is handed to another owner, and leaves it with itself when it is let go', () => {
    const { inventory, unit, members } = observe(pod, owned('ReplicaSet/web', 'Deployment/web'));
    inventory.apply(owned('Pod/web-1', 'StatefulSet/web', { at: 1, relations: [['OWNS', 'Container/web-1/app']] }));
    expect(unit('Container/web-1/app')).toBe('StatefulSet/web');
    expect(members('Deployment/web')).toEqual(['Deployment/web', 'ReplicaSet/web']);
    inventory.apply(stated('Pod/web-1', { at: 2, relations: [['OWNS', 'Container/web-1/app']] }));
    expect(unit('Pod/web-1')).toBe('Pod/web-1');
    expect(unit('Container/web-1/app')).toBe('Pod/web-1');
    expect(members('StatefulSet/web')).toEqual(['StatefulSet/web']);
  });

  test('moves for those next to it as well', () => {
    const { inventory, unitsOut, unitsInto } = observe(
      stated('Service/web', { relations: [['SELECTS', 'Pod/web-1']] }),
      stated('Pod/web-1', { relations: [['RUNS_ON', 'Node/n1']] }),
    );
    expect(unitsOut('Service/web', 'SELECTS')).toEqual(['Pod/web-1']);
    expect(unitsInto('Node/n1', 'RUNS_ON')).toEqual(['Pod/web-1']);
    inventory.apply(owned('Pod/web-1', 'ReplicaSet/web', { at: 1, relations: [['RUNS_ON', 'Node/n1']] }));
    expect(unitsOut('Service/web', 'SELECTS')).toEqual(['ReplicaSet/web']);
    inventory.apply(owned('ReplicaSet/web', 'Deployment/web', { at: 2 }));
    expect(unitsOut('Service/web', 'SELECTS')).toEqual(['Deployment/web']);
    expect(unitsInto('Node/n1', 'RUNS_ON')).toEqual(['Deployment/web']);
    inventory.apply(stated('Pod/web-1', { at: 3, relations: [['RUNS_ON', 'Node/n1']] }));
    expect(unitsOut('Service/web', 'SELECTS')).toEqual(['Pod/web-1']);
    expect(unitsInto('Node/n1', 'RUNS_ON')).toEqual(['Pod/web-1']);
  });

  test('stays with what is gone, whose last words come after it', () => {
    const { inventory, unit, members } = observe(pod, owned('ReplicaSet/web', 'Deployment/web'));
    inventory.apply(stated('Pod/web-1', { at: 1, deleted: true }));
    expect(unit('Pod/web-1')).toBe('Deployment/web');
    expect(unit('Container/web-1/app')).toBe('Deployment/web');
    expect(members('Deployment/web')).toEqual(['Deployment/web', 'ReplicaSet/web']);
  });

  test('is not left to another thing by the same name', () => {
    const { inventory, unit } = observe(pod, stated('Pod/web-1', { at: 1, deleted: true }));
    inventory.apply(stated('Pod/web-1', { at: 2, relations: [['OWNS', 'Container/web-1/app']] }));
    expect(unit('Pod/web-1')).toBe('Pod/web-1');
    expect(unit('Container/web-1/app')).toBe('Pod/web-1');
  });

  test('is the owner still when that is deleted first', () => {
    const { inventory, unit } = observe(stated('Deployment/web'), owned('ReplicaSet/web', 'Deployment/web'), pod);
    inventory.apply(stated('Deployment/web', { at: 1, deleted: true }));
    expect(unit('Pod/web-1')).toBe('Deployment/web');
  });

  test('comes to an end when owners own each other, or themselves', () => {
    const { inventory, unit } = observe(
      owned('ReplicaSet/a', 'ReplicaSet/b'),
      owned('ReplicaSet/b', 'ReplicaSet/a'),
      owned('ReplicaSet/c', 'ReplicaSet/c'),
      owned('Pod/a-1', 'ReplicaSet/a'),
    );
    expect(unit('Pod/a-1')).toMatch(/^ReplicaSet\/[ab]$/);
    expect(unit('ReplicaSet/c')).toBe('ReplicaSet/c');
    inventory.apply(stated('ReplicaSet/a', { at: 1 }));
    expect(unit('Pod/a-1')).toBe('ReplicaSet/a');
    expect(unit('ReplicaSet/b')).toBe('ReplicaSet/a');
  });

  test('of an EndpointSlice is its Service; a DaemonSet is one itself, whoever owns it', () => {
    const { unit } = observe(
      owned('EndpointSlice/web-x', 'Service/web'),
      owned('DaemonSet/logs', 'Operator/logs'),
      owned('Pod/logs-1', 'DaemonSet/logs'),
    );
    expect(unit('EndpointSlice/web-x')).toBe('Service/web');
    expect(unit('Pod/logs-1')).toBe('DaemonSet/logs');
    expect(unit('DaemonSet/logs')).toBe('DaemonSet/logs');
  });
});

describe('what a selector selects', () => {
  const web = { app: 'web' };

  test('follows the Service', () => {
    const { apply, out } = observe(
      stated('Pod/web-1', { labels: web }),
      stated('Deployment/web', { selector: web }),
      stated('Pod/bank/web-1', { labels: web }),
    );
    apply('Service/web', { at: 1, selector: web });
    expect(out('Service/web', 'SELECTS')).toEqual(['Pod/web-1', 'Deployment/web']);
    apply('Service/web', { at: 2, selector: { app: 'wbe' } });
    expect(out('Service/web', 'SELECTS')).toEqual([]);
    apply('Service/web', { at: 3, selector: web });
    apply('Service/web', { at: 4, deleted: true });
    expect(out('Service/web', 'SELECTS')).toEqual([]);
    apply('Service/web', { at: 5, selector: web });
    expect(out('Service/web', 'SELECTS')).toEqual(['Pod/web-1', 'Deployment/web']);
  });

  test('follows pods and workloads', () => {
    const { apply, out } = observe(stated('Service/web', { selector: web }));
    apply('Pod/web-1', { at: 1, labels: web });
    apply('StatefulSet/web', { at: 1, selector: { app: 'web', tier: 'front' } });
    expect(out('Service/web', 'SELECTS')).toEqual(['Pod/web-1', 'StatefulSet/web']);
    apply('Pod/web-1', { at: 2, labels: { app: 'quarantine' } });
    expect(out('Service/web', 'SELECTS')).toEqual(['StatefulSet/web']);
    apply('Pod/web-1', { at: 3, labels: web });
    apply('Pod/web-1', { at: 4, deleted: true });
    apply('StatefulSet/web', { at: 4, deleted: true });
    expect(out('Service/web', 'SELECTS')).toEqual([]);
  });

  test('holds while either the labels or an EndpointSlice say so', () => {
    const { apply, out } = observe(
      stated('Service/web', { selector: web }),
      stated('EndpointSlice/web-x', { relations: [['SELECTS', 'Pod/web-1', 'Service/web']] }),
      stated('Pod/web-1', { labels: web }),
    );
    apply('Pod/web-1', { at: 1 });
    expect(out('Service/web', 'SELECTS')).toEqual(['Pod/web-1']);
    apply('EndpointSlice/web-x', { at: 2, deleted: true });
    expect(out('Service/web', 'SELECTS')).toEqual([]);
  });
});

describe('a relation', () => {
  test('ends when the last that declares it no longer does', () => {
    const { apply, out, inventory } = observe(
      stated('Pod/a', { relations: [['USES', 'Secret/key', 'Deployment/a']] }),
      stated('Pod/b', { relations: [['USES', 'Secret/key', 'Deployment/a']] }),
    );
    expect(inventory.drain().relationsOpened).toHaveLength(1);
    apply('Pod/a', { at: 1 });
    expect(out('Deployment/a', 'USES')).toEqual(['Secret/key']);
    expect(inventory.drain().relationsClosed).toEqual([]);
    apply('Pod/b', { at: 2, deleted: true });
    expect(out('Deployment/a', 'USES')).toEqual([]);
    expect(inventory.drain().relationsClosed).toEqual([
      {
        type: 'USES',
        from: place('Deployment/a').id,
        to: place('Secret/key').id,
        validFrom: moment(0),
        validTo: moment(2),
      },
    ]);
  });

  test('said twice by one is said once', () => {
    const { apply, out } = observe();
    apply('Pod/a', {
      relations: [
        ['USES', 'Secret/key'],
        ['USES', 'Secret/key'],
      ],
    });
    expect(out('Pod/a', 'USES')).toEqual(['Secret/key']);
    apply('Pod/a', { at: 1 });
    expect(out('Pod/a', 'USES')).toEqual([]);
  });

  test('goes on as it is when it is said again', () => {
    const { apply, inventory } = observe(stated('Pod/a', { relations: [['RUNS_ON', 'Node/n1']] }));
    inventory.drain();
    const version = inventory.version();
    apply('Pod/a', { at: 1, relations: [['RUNS_ON', 'Node/n1']] });
    expect(inventory.version()).toBe(version);
    expect(inventory.drain()).toEqual({ entities: [], relationsOpened: [], relationsClosed: [] });
  });

  test('that was seen at work outlives new states of its source, and ends with it', () => {
    const { apply, at, inventory, out } = observe(stated('Deployment/web'), stated('Service/cart'));
    inventory.relate('CALLS', at('Deployment/web'), at('Service/cart'), startMs);
    inventory.relate('CALLS', at('Deployment/web'), at('Service/cart'), startMs + 1000);
    apply('Deployment/web', { at: 2 });
    expect(out('Deployment/web', 'CALLS')).toEqual(['Service/cart']);
    apply('Deployment/web', { at: 3, deleted: true });
    expect(out('Deployment/web', 'CALLS')).toEqual([]);
    expect(inventory.size().relations).toBe(0);
  });

  test('leaves nothing behind when things are made again and again under one name', () => {
    const { apply, inventory, out } = observe();
    for (let round = 0; round < 5; round++) {
      apply('Role/reader', { at: round * 10 });
      apply('ServiceAccount/cart', { at: round * 10 });
      apply('RoleBinding/reads', {
        at: round * 10,
        relations: [
          ['USES', 'Role/reader'],
          ['USES', 'RoleBinding/reads', 'ServiceAccount/cart'],
        ],
      });
      apply('Pod/cart-1', { at: round * 10, relations: [['USES', 'ServiceAccount/cart']] });
      expect(inventory.size().relations).toBe(3);
      apply('RoleBinding/reads', { at: round * 10 + 1, deleted: true });
      // Needed still, though it is not there.
      expect(out('ServiceAccount/cart', 'USES')).toEqual(['RoleBinding/reads']);
      apply('Pod/cart-1', { at: round * 10 + 2, deleted: true });
      expect(inventory.size().relations).toBe(1);
      if (round % 2 === 0) {
        apply('ServiceAccount/cart', { at: round * 10 + 3, deleted: true });
        expect(inventory.size().relations).toBe(0);
      }
    }
    apply('RoleBinding/reads', { at: 60 });
    expect(inventory.size().relations).toBe(0);
  });

  test('that is needed ends as well when who needs it went first', () => {
    const { apply, inventory } = observe(
      stated('ServiceAccount/cart'),
      stated('RoleBinding/reads', { relations: [['USES', 'RoleBinding/reads', 'ServiceAccount/cart']] }),
    );
    apply('ServiceAccount/cart', { at: 1, deleted: true });
    expect(inventory.size().relations).toBe(1);
    apply('RoleBinding/reads', { at: 2, deleted: true });
    expect(inventory.size().relations).toBe(0);
  });
});

describe('what is handed to the graph', () => {
  const names = (inventory: Inventory): string[] => inventory.drain().entities.map(({ entity }) => entityTitle(entity));
  const web = { labels: { app: 'web' }, facts: { replicas: 2, paused: false } };

  test('is each entity once, the mentioned ones too, and then only what changed', () => {
    const { apply, inventory } = observe(stated('Deployment/web', { ...web, relations: [['USES', 'Secret/key']] }));
    expect(names(inventory)).toEqual(['Deployment/shop/web', 'Secret/shop/key']);
    apply('Deployment/web', { at: 1, labels: { ...web.labels }, facts: { ...web.facts } });
    expect(names(inventory)).toEqual([]);
    apply('Deployment/web', { ...web, at: 2, facts: { replicas: 3, paused: false } });
    expect(names(inventory)).toEqual(['Deployment/shop/web']);
    apply('Deployment/web', { ...web, at: 3, facts: { replicas: 3 } });
    expect(names(inventory)).toEqual(['Deployment/shop/web']);
    apply('Deployment/web', { ...web, at: 4, facts: { replicas: 3 }, labels: { app: 'web', tier: 'front' } });
    expect(names(inventory)).toEqual(['Deployment/shop/web']);
    apply('Secret/key', { at: 5 });
    expect(names(inventory)).toEqual(['Secret/shop/key']);
  });

  test('tells of deletion, of return, and of another thing by the same name', () => {
    const { apply, inventory } = observe(stated('Pod/web-0', { uid: 'a' }));
    inventory.drain();
    apply('Pod/web-0', { at: 1, uid: 'a', deleted: true });
    expect(inventory.drain().entities.map(({ deletedAt }) => deletedAt)).toEqual([moment(1)]);
    apply('Pod/web-0', { at: 2, uid: 'a' });
    expect(inventory.drain().entities.map(({ deletedAt }) => deletedAt)).toEqual([null]);
    apply('Pod/web-0', { at: 3, uid: 'b' });
    expect(inventory.drain().entities.map(({ entity }) => entity.uid)).toEqual(['b']);
  });
});

describe('any sequence of findings', () => {
  const pods = ['Pod/a', 'Pod/b'];
  const owners = ['ReplicaSet/x', 'ReplicaSet/y'];
  const tops = ['Deployment/x', 'Deployment/y'];
  const things = [...pods, ...owners, ...tops, 'Service/s', 'Service/t', 'EndpointSlice/e', 'Node/n'];
  const labels = fc.constantFrom<Record<string, string>>({}, { app: 'x' }, { app: 'y' }, { app: 'x', tier: 'front' });
  const maybe = (names: readonly string[]): fc.Arbitrary<string | null> => fc.constantFrom(null, ...names);
  const step = fc.record({
    on: fc.constantFrom(...things),
    deleted: fc.boolean(),
    owner: fc.nat(2),
    labels,
    selector: fc.option(labels),
    others: fc.uniqueArray(fc.tuple(fc.constantFrom<RelationType>('RUNS_ON', 'USES', 'SELECTS'), maybe(things)), {
      maxLength: 3,
      selector: (pair) => pair.join(),
    }),
  });

  test('leaves the relations, units and neighbours that the latest states alone give', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const inventory = createInventory();
        const unitIn = (id: string): string => inventory.ref(inventory.unit(inventory.indexOf(id))).id;
        const current = new Map<string, EntityFinding>();
        const drained = new Set<string>();
        steps.forEach(({ on, deleted, owner, others, ...rest }, second) => {
          // One owner at a time, and never in a circle; a deletion says what the object was, as the API server does.
          const above = pods.includes(on) ? owners : owners.includes(on) ? tops : [];
          const by = above[owner];
          const relations: [RelationType, string, string?][] = by === undefined ? [] : [['OWNS', on, by]];
          for (const [type, other] of others)
            if (other !== null && other !== on && (type !== 'USES' || !deleted)) relations.push([type, other]);
          const finding = stated(on, {
            at: second,
            deleted,
            relations,
            labels: rest.labels,
            ...(rest.selector ? { selector: rest.selector } : {}),
          });
          inventory.apply(finding);
          if (deleted) current.delete(on);
          else current.set(on, finding);

          const held = relationsOf(inventory);
          const naive = naiveRelations(current);
          expect([...held].sort()).toEqual([...naive].sort());
          expect(inventory.size().relations).toBe(naive.size);
          const change = inventory.drain();
          for (const { type, from, to } of change.relationsOpened) drained.add(`${from} ${type} ${to}`);
          for (const { type, from, to } of change.relationsClosed) drained.delete(`${from} ${type} ${to}`);
          expect(drained).toEqual(naive);

          const unitOf = (id: string): string => {
            const up = /\/(Pod|ReplicaSet)\//.test(id)
              ? [...naive].find((line) => line.endsWith(` OWNS ${id}`))?.split(' ')[0]
              : undefined;
            return up === undefined ? id : unitOf(up);
          };
          const alive = [...current.keys()].map((name) => place(name).id);
          // What is gone goes on belonging to what it belonged to, and so does what it owned.
          const lost = (id: string): boolean =>
            inventory.observed(inventory.indexOf(id)) && !inventory.exists(inventory.indexOf(id));
          const isLost = (id: string): boolean =>
            lost(id) || owners.some((owner) => naive.has(`${place(owner).id} OWNS ${id}`) && lost(place(owner).id));
          for (const id of alive) if (!isLost(id)) expect(unitIn(id)).toBe(unitOf(id));
          for (const top of alive.filter((id) => unitOf(id) === id)) {
            const below = new Set([top]);
            for (const id of below) for (const to of ends(naive, id, 'OWNS')) if (unitIn(to) === top) below.add(to);
            for (const type of ['RUNS_ON', 'USES', 'SELECTS'] as const) {
              const next = new Set([...below].flatMap((id) => ends(naive, id, type)).map(unitIn));
              next.delete(top);
              const known = inventory.unitsOut(inventory.indexOf(top), type).map((unit) => inventory.ref(unit).id);
              expect(known.sort()).toEqual([...next].sort());
            }
          }
        });
      }),
      { numRuns: 200 },
    );
  });
});

function relationsOf(inventory: Inventory): Set<string> {
  const lines = new Set<string>();
  for (let index = 0; index < inventory.size().entities; index++) {
    for (const type of relationTypes) {
      for (const to of inventory.out(index, type))
        lines.add(`${inventory.ref(index).id} ${type} ${inventory.ref(to).id}`);
    }
  }
  return lines;
}

function ends(lines: ReadonlySet<string>, from: string, type: RelationType): string[] {
  return [...lines].filter((line) => line.startsWith(`${from} ${type} `)).map((line) => line.split(' ')[2]!);
}

/** What the objects that are there declare, and what the selectors of Services match. */
function naiveRelations(current: ReadonlyMap<string, EntityFinding>): Set<string> {
  const lines = new Set<string>();
  const all = [...current.values()];
  for (const { relations } of all) for (const { type, from, to } of relations) lines.add(`${from} ${type} ${to}`);
  for (const service of all.filter(({ entity }) => entity.kind === 'Service')) {
    for (const { entity, labels, selector } of all) {
      if (!['Pod', 'ReplicaSet', 'Deployment'].includes(entity.kind)) continue;
      if (selects(service.selector, entity.kind === 'Pod' ? labels : (selector ?? {})))
        lines.add(`${service.entity.id} SELECTS ${entity.id}`);
    }
  }
  return lines;
}
