import { describe, expect, test } from '@jest/globals';
import { createSpanTree, type EndedSpan, type SpanPlace } from '../../../ingest/detect/span-tree.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';

/** `service operation` from one moment to another, in ms. */
function span(id: string, parent: string | null, text: string, startMs: number, endMs: number): EndedSpan<SpanPlace> {
  const [service = '', ...name] = text.split(' ');
  return {
    place: { service },
    trace: { traceId, spanId: id },
    parentSpanId: parent,
    name: name.join(' '),
    startMs,
    endMs,
    failed: false,
  };
}

const completed = (spans: readonly EndedSpan<SpanPlace>[], atMs = 10_000) => {
  const tree = createSpanTree<SpanPlace>();
  for (const each of [...spans].sort((a, b) => a.endMs - b.endMs)) tree.ended(each);
  return tree.complete(atMs);
};

describe('spans put together', () => {
  const web = [
    span('a', null, 'web GET /cart', 0, 100),
    span('b', 'a', 'web HTTP GET', 10, 60),
    span('c', 'b', 'cart /items', 20, 50),
    span('d', 'a', 'web render', 70, 90),
  ];

  test('an operation takes its steps in order of time, and the time of its own is what they leave', () => {
    const { runs } = completed(web);
    const root = runs.find(({ key }) => key === 'GET /cart')!;
    expect(root.run.steps.map(({ of, name }) => `${of} ${name}`)).toEqual(['call cart /items', 'operation render']);
    expect(root.run.selfMs).toBe(100 - 50 - 20);
    expect(runs.map(({ place, key }) => `${place.service}: ${key}`).sort()).toEqual([
      'cart: /items',
      'web: GET /cart',
      'web: GET /cart > render',
    ]);
  });

  test('what a call takes beyond the callee’s own span was lost on the way', () => {
    expect(completed(web).calls).toMatchObject([
      { caller: { service: 'web' }, callee: { service: 'cart' }, durationMs: 50, gapMs: 20 },
    ]);
  });

  test('a callee that seems to end after its caller still belongs to it', () => {
    const skewed = web.map((each) => (each.trace.spanId === 'c' ? { ...each, endMs: 60.4 } : each));
    expect(completed(skewed).calls).toMatchObject([{ callee: { service: 'cart' }, gapMs: expect.closeTo(9.6, 1) }]);
  });

  test('a message that is handled after it was sent was not waited for', () => {
    const { calls } = completed([
      span('a', null, 'web order', 0, 100),
      span('b', 'a', 'web send', 10, 11),
      span('c', 'b', 'mail process', 40, 500),
    ]);
    expect(calls).toMatchObject([{ callee: { service: 'mail' }, gapMs: null }]);
  });

  test('lines with the id of a span are its steps, and an error among them is its failure', () => {
    const tree = createSpanTree<SpanPlace>();
    tree.logged('a', 5, { name: 'Cart#12', of: 'log', error: false });
    tree.ended(span('a', null, 'web GET /cart', 0, 100));
    tree.logged('a', 101, { name: 'Cart#34', of: 'log', error: true });
    expect(tree.complete(1_000).runs).toEqual([]);
    const { run } = tree.complete(3_000).runs[0]!;
    expect(run.steps.map(({ name }) => name)).toEqual(['Cart#12', 'Cart#34']);
    expect(run.failed).toBe(true);
  });

  test('nothing is kept for ever: spans whose parent never comes count by themselves', () => {
    const tree = createSpanTree<SpanPlace>();
    tree.ended(span('b', 'gone', 'cart /items', 0, 50));
    tree.logged('nobody', 5, { name: 'Cart#12', of: 'log', error: false });
    expect(tree.complete(10_000).runs).toEqual([]);
    expect(tree.complete(90_000).runs.map(({ key }) => key)).toEqual(['/items']);
    expect(tree.size).toBe(0);
  });
});
