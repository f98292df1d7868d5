import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { editDistanceAtMost, selectorResemblance, selectorText, selects } from '../../ingest/selectors.js';

describe('label selectors', () => {
  test('every pair has to be there', () => {
    expect(selects({ app: 'cart' }, { app: 'cart', tier: 'back' })).toBe(true);
    expect(selects({ app: 'cart', tier: 'web' }, { app: 'cart', tier: 'back' })).toBe(false);
    expect(selects({ app: 'cart', tier: 'back' }, { app: 'cart' })).toBe(false);
    expect(selects({ app: 'cart' }, {})).toBe(false);
  });

  test('none and an empty one select nothing', () => {
    expect(selects(null, { app: 'cart' })).toBe(false);
    expect(selects({}, { app: 'cart' })).toBe(false);
    expect(selects({}, {})).toBe(false);
  });

  test('are written in one order', () => {
    expect(selectorText({ tier: 'web', app: 'cart' })).toBe('app=cart,tier=web');
    expect(selectorText({})).toBe('');
  });

  test('what selects resembles wholly, and less with every pair that is off', () => {
    expect(selectorResemblance({ app: 'cart' }, { app: 'cart' })).toBe(1);
    expect(selectorResemblance({ app: 'cart' }, { app: 'carts' })).toBeCloseTo(0.8);
    expect(selectorResemblance({ app: 'cart' }, { name: 'cart' })).toBeCloseTo(0.5);
    expect(selectorResemblance({ app: 'cart', tier: 'web' }, { app: 'cart', tier: 'database' })).toBeCloseTo(0.5);
    expect(selectorResemblance({ app: 'cart' }, { app: 'payment' })).toBe(0);
    expect(selectorResemblance({}, { app: 'cart' })).toBe(0);
  });
});

describe('edit distance', () => {
  test('one letter more, less, other, and two swapped, count one each', () => {
    for (const other of ['carts', 'car', 'card', 'crat']) {
      expect(editDistanceAtMost('cart', other, 1)).toBe(true);
      expect(editDistanceAtMost('cart', other, 0)).toBe(false);
    }
    expect(editDistanceAtMost('cart', 'cart', 0)).toBe(true);
    expect(editDistanceAtMost('', 'ab', 2)).toBe(true);
    expect(editDistanceAtMost('cart', 'payment', 2)).toBe(false);
  });

  test('is what its definition says, for any two words', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 6 });
    fc.assert(
      fc.property(word, word, fc.integer({ min: 0, max: 4 }), (a, b, limit) => {
        expect(editDistanceAtMost(a, b, limit)).toBe(distance(a, b) <= limit);
        expect(editDistanceAtMost(b, a, limit)).toBe(editDistanceAtMost(a, b, limit));
      }),
      { numRuns: 300 },
    );
  });
});

/** By definition, from the ends. */
function distance(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length;
  const ways = [
    distance(a.slice(0, -1), b) + 1,
    distance(a, b.slice(0, -1)) + 1,
    distance(a.slice(0, -1), b.slice(0, -1)) + (a.at(-1) === b.at(-1) ? 0 : 1),
  ];
  if (a.length > 1 && b.length > 1 && a.at(-1) === b.at(-2) && a.at(-2) === b.at(-1))
    ways.push(distance(a.slice(0, -2), b.slice(0, -2)) + 1);
  return Math.min(...ways);
}
