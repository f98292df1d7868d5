import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { categories, type Category } from '../../src/model/categories.js';
import type { CorrelationResult } from '../../src/model/correlation-result.js';
import { world } from './world.js';

const placeholder = /\{[\w.-]+\}/;
const wordsOf = ({ title, summary, rootCause, recommendation }: CorrelationResult): string[] => [
  title,
  summary,
  rootCause,
  recommendation,
];

describe('what is said of an incident', () => {
  test('it names the thing, its numbers, the time, whom it hit, how sure it is, and what to do', () => {
    const { happens, service, run } = world();
    for (const name of ['web', 'cart']) service(name);
    const attributes = { limitBytes: 67108864, rssBytes: 66000000, comm: 'node' };
    happens('container.oom-killed', 'Deployment/cart', 63, 63, attributes);
    happens('container.crash-loop', 'Deployment/cart', 70, 90, { exitCode: 137 });
    happens('call.refused', 'Deployment/web', 64, 90, { peer: 'cart:8080' });
    const [result] = run(90);
    expect(result?.title).toBe('cart is killed at its memory limit of 64 MiB');
    expect(result?.rootCause).toContain('cart');
    expect(result?.summary).toContain('At 00:01:03 UTC: ');
    expect(result?.summary).toContain('Deployment web fails calls');
    expect(result?.summary).toContain(`Confidence ${result?.confidence.toFixed(2)}`);
    expect(result?.summary).not.toContain('Over since');
    expect(result?.recommendation).toContain('cart');
    expect(result?.recommendation).toMatch(/memory limit/i);
  });

  test('when it is over it says since when', () => {
    const { happens, service, run } = world();
    service('cart');
    happens('container.oom-killed', 'Deployment/cart', 60, 60, { limitBytes: 67108864 });
    const [result] = run(300);
    expect(result?.status).toBe('RESOLVED');
    expect(result?.summary).toContain(`Over since ${result?.resolvedAt?.slice(11, 19)} UTC.`);
  });

  test('a change shortly before, which is not the cause, is said beside what to do', () => {
    const { happens, service, run } = world();
    service('cart');
    happens('change.spec', 'Deployment/cart', 50, 50, { paths: 'spec.replicas' }, 'Alice set the memory limit to 64Mi');
    happens('container.oom-killed', 'Deployment/cart', 60, 60, { limitBytes: 67108864 });
    const [result] = run(60);
    expect(result?.category).toBe('container.oom-killed');
    expect(result?.recommendation).toContain('10 s before');
    expect(result?.recommendation).toContain('the memory limit to 64Mi');
  });

  test('at most six victims are named, the rest is counted', () => {
    const { happens, service, run } = world();
    service('cart');
    for (let i = 0; i < 10; i++) {
      service(`web-${i}`);
      happens('call.refused', `Deployment/web-${i}`, 61, 90, { peer: 'cart:8080' });
    }
    happens('container.oom-killed', 'Deployment/cart', 60, 60, { limitBytes: 67108864 });
    const [result] = run(90);
    expect(result?.summary.match(/Deployment web-\d fails calls/g)).toHaveLength(6);
    expect(result?.summary).toContain('and 4 more.');
  });

  test('every category is told in whole sentences without a gap, whatever is known of it', () => {
    for (const category of Object.keys(categories) as Category[]) {
      if (category.startsWith('change.') || category === 'unknown') continue;
      const { happens, thing, run } = world();
      thing('Deployment/cart');
      happens(category, 'Deployment/cart', 60, 100);
      for (const result of run(100)) {
        expect(result.rootCauseEntity.name).toBe('cart');
        expect(`${result.rootCause} ${result.title}`).toContain('cart');
        for (const text of wordsOf(result)) {
          expect(text).not.toMatch(placeholder);
          expect(text).not.toMatch(/undefined|null|NaN|\[object/);
          expect(text).toMatch(/\w{3}/);
        }
        for (const text of wordsOf(result).slice(1)) expect(text).toMatch(/[.!?]$/);
      }
    }
  });

  test('a brace in what a program said stays what it said', () => {
    const { happens, service, run } = world();
    service('cart');
    happens('log.exception', 'Deployment/cart', 60, 90, {}, 'cannot render {entity} of {{ .Values.name }} for $1 $&');
    const [result] = run(90);
    expect(result?.summary).toContain('cannot render {entity} of {{ .Values.name }} for $1 $&');
  });

  test('an attribute cannot take the place of who is affected', () => {
    const { happens, service, run } = world();
    service('cart');
    const attributes = { entity: 'somebody else', namespace: 'elsewhere', kind: 'Ghost', message: 'nothing' };
    happens('container.oom-killed', 'Deployment/cart', 60, 60, attributes, 'cart was killed');
    for (const text of wordsOf(run(60)[0]!)) expect(text).not.toMatch(/somebody else|elsewhere|Ghost|nothing/);
  });

  test('text from the cluster never breaks the wording', () => {
    const nasty = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.constantFrom(
        '{name}',
        'a {placeholder} b',
        '{{name}}',
        '$& $1 $`',
        '\u0000\u001b[31mred\r\n\ttab',
        '\u202Eright to left',
        '__proto__',
        '.',
        '',
      ),
    );
    const key = fc.oneof(fc.constantFrom('limitBytes', 'comm', 'lastLog', '__proto__', 'constructor', 'entity'), nasty);
    fc.assert(
      fc.property(
        nasty,
        fc.dictionary(key, nasty, { maxKeys: 4 }),
        fc.constantFrom<Category>(
          'container.oom-killed',
          'image.not-found',
          'config.object-missing',
          'process.crashed',
        ),
        (message, attributes, category) => {
          const { happens, service, run } = world();
          service('cart');
          happens(category, 'Deployment/cart', 60, 70, attributes, message);
          const said = [message, ...Object.values(attributes)].join('\n').replace(/\p{Cf}/gu, '');
          const [result, ...others] = run(75);
          expect(others).toEqual([]);
          expect(result!.title).toContain('cart');
          for (const text of wordsOf(result!)) {
            expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
            // Braces may come from the cluster, never from a text of ours.
            for (const [found] of text.matchAll(/\{[\w.-]+\}/g)) expect(said).toContain(found);
            expect(text).not.toMatch(/function |\[object/);
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});
