import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fieldChanges } from '../../../agent/collectors/kubernetes/changes.js';
import { createRedactor } from '../../../agent/redaction.js';
import type { KubernetesObject } from '../../../src/model/payloads.js';

const redactor = createRedactor();
const object = (fields: Readonly<Record<string, unknown>>, metadata: object = {}): KubernetesObject => ({
  ...{ apiVersion: 'v1', kind: 'Thing' },
  metadata: { name: 'thing', ...metadata },
  ...fields,
});
const changes = (from: Readonly<Record<string, unknown>>, to: Readonly<Record<string, unknown>>) =>
  fieldChanges(object(from), object(to), redactor);

describe('field changes', () => {
  test('name entries of lists by their merge key, not by their place', () => {
    const container = (name: string, memory: string) => ({ name, resources: { limits: { memory } } });
    const from = { spec: { containers: [container('cart', '128Mi'), container('proxy', '64Mi')] } };
    const to = { spec: { containers: [container('proxy', '64Mi'), container('cart', '32Mi')] } };
    expect(changes(from, to)).toEqual([
      { path: 'spec.containers[cart].resources.limits.memory', from: '"128Mi"', to: '"32Mi"' },
    ]);
    expect(
      changes(
        { spec: { ports: [{ port: 80, targetPort: 8080 }] } },
        { spec: { ports: [{ port: 80, targetPort: 9 }] } },
      ),
    ).toEqual([{ path: 'spec.ports[80].targetPort', from: '8080', to: '9' }]);
  });

  test('tell lists without names as a whole, and by place where they are long', () => {
    expect(changes({ spec: { args: ['a', 'b'] } }, { spec: { args: ['a', 'c'] } })).toEqual([
      { path: 'spec.args', from: '["a","b"]', to: '["a","c"]' },
    ]);
    const long = Array.from({ length: 100 }, (_, at) => `argument-${at}`);
    expect(changes({ spec: { args: long } }, { spec: { args: [...long.slice(0, 99), 'other'] } })).toEqual([
      { path: 'spec.args[99]', from: '"argument-99"', to: '"other"' },
    ]);
  });

  test('tell a part that came or went whole when it is short, and by its leaves when it is not', () => {
    expect(changes({ spec: {} }, { spec: { selector: { app: 'cart' } } })).toEqual([
      { path: 'spec.selector', from: null, to: '{"app":"cart"}' },
    ]);
    const large = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`key-${at}`, 'value-value']));
    expect(changes({ spec: {} }, { spec: { selector: large } })).toHaveLength(30);
  });

  test('leave out the status and what controllers write in consequence', () => {
    const before = object(
      { status: { ready: 1 } },
      { resourceVersion: '1', generation: 1, annotations: { 'deployment.kubernetes.io/revision': '1' } },
    );
    const after = object(
      { status: { ready: 2 } },
      { resourceVersion: '2', generation: 2, annotations: { 'deployment.kubernetes.io/revision': '2' } },
    );
    expect(fieldChanges(before, after, redactor)).toEqual([]);
  });

  test('see labels, annotations and fields of kinds that have no spec', () => {
    const before = object({ rules: [{ verbs: ['get'] }] }, { labels: { app: 'a' } });
    const after = object({ rules: [{ verbs: ['list'] }] }, { labels: { app: 'b' }, annotations: { note: 'x' } });
    expect(fieldChanges(before, after, redactor).map(({ path }) => path)).toEqual([
      'metadata.labels.app',
      'metadata.annotations.note',
      'rules',
    ]);
  });

  test('are JSON of at most 256 characters, redacted, and no more than a hundred with the rest counted', () => {
    const value = `${'"ünïcode" '.repeat(60)}`;
    const [change] = changes({ data: { text: 'a' } }, { data: { text: value } });
    expect(change?.to?.length).toBeLessThanOrEqual(256);
    expect(JSON.parse(change?.to ?? '')).toMatch(/^"ünïcode" .*…$/);
    expect(changes({ data: { url: 'x' } }, { data: { url: 'redis://:hunter2@cache' } })[0]?.to).toBe(
      '"redis://:[redacted:url-password]@cache"',
    );
    const many = (text: string) => Object.fromEntries(Array.from({ length: 130 }, (_, at) => [`key-${at}`, text]));
    const found = changes({ data: many('a') }, { data: many('b') });
    expect([found.length, found.at(-1)]).toEqual([101, { path: '(more)', from: null, to: '30' }]);
  });

  test('for any two states: none exactly when they are equal, and each is valid', () => {
    const state = fc.record({
      spec: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.jsonValue({ maxDepth: 3 })),
      data: fc.dictionary(fc.constantFrom('x', 'y'), fc.string({ maxLength: 400 })),
    });
    fc.assert(
      fc.property(state, state, (from, to) => {
        const found = changes(from, to);
        expect(changes(from, structuredClone(from))).toEqual([]);
        if (JSON.stringify(from) !== JSON.stringify(to) && found.length === 0) {
          // Only the order of fields differs then.
          expect(from).toEqual(to);
        }
        for (const change of found) {
          for (const text of [change.from, change.to]) if (text !== null) JSON.parse(text);
        }
      }),
    );
  });
});
