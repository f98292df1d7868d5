import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { lanesOf, subjectMatcher } from '../../src/transport/streams.js';
import { rawSubject, resultSubject, shardCount, shardOf, token } from '../../src/transport/subjects.js';
import { clock, logLine, oomVictim } from './raw-events.js';

describe('subjects', () => {
  test('say type, kind and shard; a kernel kill has priority, a source-health report is a clock', () => {
    expect(rawSubject(logLine(1))).toBe(`events.log.line.${shardOf(logLine(1))}`);
    expect(rawSubject(oomVictim(1))).toBe(`priority.ebpf.oom-victim.${shardOf(oomVictim(1))}`);
    expect(rawSubject(clock(1, 'kernel@node.one'))).toBe('clock.kernel@node_one');
    expect(resultSubject('prod', null, 'abc')).toBe('results.prod._.abc');
  });

  test('have no token that NATS would read otherwise, whatever the name', () => {
    fc.assert(fc.property(fc.string(), (name) => expect(token(name)).toMatch(/^[A-Za-z0-9_@-]+$/)));
  });

  test('put equal traces and equal scopes into one shard of 64', () => {
    const hex = fc.stringMatching(/^[1-9a-f][0-9a-f]{31}$/);
    fc.assert(
      fc.property(hex, fc.nat(), (traceId, n) => {
        const shard = shardOf(logLine(n, { traceId, namespace: `ns-${n}` }));
        expect(shard).toBe(parseInt(traceId.slice(0, 2), 16) >> 2);
        expect(shard).toBeLessThan(shardCount);
      }),
    );
    expect(shardOf(logLine(1, { namespace: 'shop' }))).toBe(shardOf(logLine(2, { namespace: 'shop' })));
    const spread = new Set(Array.from({ length: 500 }, (_, n) => shardOf(logLine(n, { namespace: `ns-${n}` }))));
    expect(spread.size).toBeGreaterThan(60);
  });
});

describe('a subject filter', () => {
  const cases: [string, string, boolean][] = [
    ['>', 'a', true],
    ['events.>', 'events.log.line.3', true],
    ['events.>', 'events', false],
    ['events.>', 'eventsx.log', false],
    ['events.*.*.3', 'events.log.line.3', true],
    ['events.*.*.3', 'events.log.line.33', false],
    ['events.*.*.3', 'events.log.3', false],
    ['*.log.>', 'events.log.line.3', true],
    ['results.prod.*.x', 'results.prod._.x', true],
    ['results.prod', 'results.prod', true],
    ['results.prod', 'results.prod.x', false],
    ['a.b@c-d', 'a.b@c-d', true],
  ];
  test.each(cases)('%s on %s is %s', (filter, subject, matches) => {
    expect(subjectMatcher([filter])(subject)).toBe(matches);
  });

  test('of a lane takes what the lane is for', () => {
    const [priority, events] = lanesOf('raw', [5, 1]);
    expect(priority).toEqual({
      lane: 'priority',
      suffix: '-priority',
      subjects: ['priority.*.*.1', 'priority.*.*.5', 'clock.>'],
    });
    expect(events!.subjects).toEqual(['events.*.*.1', 'events.*.*.5', 'clock.>']);
    expect(lanesOf('unified')).toEqual([{ lane: 'events', suffix: '', subjects: ['unified.>'] }]);
  });
});
