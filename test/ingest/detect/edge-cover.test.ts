import { describe, expect, test } from '@jest/globals';
import { coverSlowEdges, type MeasuredEdge } from '../../../ingest/detect/edge-cover.js';

/** `caller>callee`, with a `!` where it is slow. */
function edges(...texts: readonly string[]): MeasuredEdge[] {
  return texts.map((text) => {
    const [caller = '', callee = ''] = text.replace('!', '').split('>');
    return { caller, callee, slow: text.endsWith('!') };
  });
}

const blamed = (measured: readonly MeasuredEdge[], suspects = ['web', 'shop', 'cart', 'stock']): string[] =>
  coverSlowEdges(measured, new Set(suspects)).map(({ node }) => node);

describe('where time is lost', () => {
  test('at the end that the slow edges have in common', () => {
    expect(blamed(edges('web>cart!', 'shop>cart!', 'cart>stock!', 'web>shop', 'shop>stock'))).toEqual(['cart']);
  });

  test('of the two ends of one slow edge at the one whose other edges are not as ever; of equal ones at the callee', () => {
    expect(blamed(edges('web>cart!', 'web>shop', 'web>stock'))).toEqual(['cart']);
    expect(blamed(edges('web>cart!'))).toEqual(['cart']);
  });

  test('only at suspects', () => {
    expect(blamed(edges('web>cart!', 'cart>stock', 'cart>shop'), ['cart'])).toEqual(['cart']);
    expect(blamed(edges('web>cart!'), [])).toEqual([]);
  });

  test('at two ends when one does not cover all', () => {
    expect(blamed(edges('web>cart!', 'shop>cart!', 'web>stock!', 'shop>stock!', 'web>mail', 'shop>mail'))).toEqual([
      'cart',
      'stock',
    ]);
  });
});
