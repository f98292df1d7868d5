import { describe, expect, test } from '@jest/globals';
import { ThroughlineError } from '../../src/errors.js';
import { correlated, createLog } from '../../src/telemetry/log.js';

function recorded(level = 'info') {
  const lines: Record<string, unknown>[] = [];
  const log = createLog({
    level,
    role: 'ingest',
    write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>),
  });
  return { log, lines };
}

describe('a log line', () => {
  test('is JSON with its time, its level in words and its role', () => {
    const { log, lines } = recorded();
    log.warn({ backlog: 3 }, 'falling behind');
    expect(lines).toEqual([
      {
        level: 'warn',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        role: 'ingest',
        backlog: 3,
        msg: 'falling behind',
      },
    ]);
  });

  test('below the level is not written', () => {
    const { log, lines } = recorded('error');
    log.info('nothing to see');
    expect(lines).toEqual([]);
  });

  test('carries the ids of its story, and only those that are known', () => {
    const { log, lines } = recorded();
    correlated(log, { incidentId: 'inc-1', traceId: null }).info('opened');
    expect(lines[0]).toMatchObject({ incidentId: 'inc-1' });
    expect(lines[0]).not.toHaveProperty('traceId');
  });

  test('of an error says its code, its kind and its cause', () => {
    const { log, lines } = recorded();
    const cause = new Error('connection refused');
    log.error({ err: new ThroughlineError('GRAPH_UNAVAILABLE', 'no graph', { cause }) }, 'write failed');
    expect(lines[0]?.['err']).toMatchObject({ code: 'GRAPH_UNAVAILABLE', kind: 'transient' });
    expect(JSON.stringify(lines[0]?.['err'])).toContain('connection refused');
  });

  test('never shows a secret', () => {
    const { log, lines } = recorded();
    log.info({ neo4j: { user: 'neo4j', password: 'hunter2' }, authorization: 'Bearer abc' }, 'connecting');
    expect(JSON.stringify(lines)).not.toMatch(/hunter2|Bearer/);
    expect(lines[0]).toMatchObject({ neo4j: { user: 'neo4j' } });
  });
});
