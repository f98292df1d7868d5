import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { Registry } from 'prom-client';
import { packageRoot } from '../../src/config/package-root.js';
import type { RawEvent } from '../../src/model/raw-event.js';
import { createTransport } from '../../src/transport/create.js';
import type { Transport } from '../../src/transport/transport.js';
import { describeWith } from '../servers/availability.js';
import { startNeo4j, type Neo4jServer } from '../servers/neo4j.js';
import { temporaryFolder } from '../servers/processes.js';
import { correlate, isClock, publishInBatches, recorded, type Recorded } from './in-memory.js';
import { openGraph, recordingPath, replayAlone, startPipeline, type Pipeline } from './pipeline.js';

const file = recordingPath('07-service-selector-typo.jsonl.gz');
const stream = 'TAPIO_EVENTS';
const megabyte = 1_048_576;

interface Garbage {
  readonly what: string;
  readonly body: string | Uint8Array;
  readonly code: string;
  readonly reason: RegExp;
  /** Of the body; all of it by default. */
  readonly dead?: readonly string[];
}

/** A log line that is as it should be, of the recording's own time, with some of it replaced. */
function madeOf(good: RawEvent): { readonly event: (changes: object) => string; readonly garbage: readonly Garbage[] } {
  let serial = 0;
  const event = (changes: object): string => JSON.stringify({ ...good, id: `garbage-${++serial}`, ...changes });
  const invalid = (what: string, changes: object, reason: RegExp): Garbage => ({
    what,
    body: event(changes),
    code: 'EVENT_INVALID',
    reason,
  });
  const unparsable = (what: string, body: string | Uint8Array, reason: RegExp): Garbage => ({
    what,
    body,
    code: 'EVENT_UNPARSABLE',
    reason,
  });
  const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
  const bad = event({ type: 'rumour' });
  const [left, right] = [event({}), event({})];
  const lyingPod = event({ type: 'kubeapi', data: { kind: 'pod', action: 'ADDED', object: { kind: 'Pod' } } });
  const lyingClock = event({ data: { kind: 'source-health', state: 'dreaming', reason: null, lost: 0 } });
  const garbage: readonly Garbage[] = [
    unparsable('an empty body', '', /JSON/),
    unparsable('JSON that was cut short', left.slice(0, -20), /JSON/),
    unparsable(
      'binary',
      Uint8Array.from({ length: 4_096 }, (_, index) => (index * 131) % 256),
      /UTF-8/,
    ),
    {
      what: 'half a million brackets',
      body: nested(megabyte / 4),
      code: 'EVENT_INVALID',
      reason: /must be a JSON object; it is an array/,
    },
    {
      what: '10 MB',
      body: event({ data: { kind: 'line', message: 'x'.repeat(10 * megabyte) } }),
      code: 'EVENT_TOO_LARGE',
      reason: /bytes; at most 1044480/,
    },
    invalid('not an object', {}, /schemaVersion/),
    invalid('another version', { schemaVersion: '1' }, /schemaVersion must be 1; it is "1"/),
    invalid('no id', { id: 5 }, /id must be a text/),
    invalid('another type', { type: 'rumour' }, /type must be one of ebpf, kubeapi/),
    invalid('a trace id that is none', { traceId: 'abc' }, /traceId must be 32/),
    invalid('a span id that is none', { spanId: 7 }, /spanId must be 16/),
    invalid('data that is no object', { data: [1] }, /data must be a JSON object/),
    invalid('a kind that no subject could carry', { data: { kind: 'a.b' } }, /data.kind must be/),
    invalid('deep data', { data: { kind: 'line', deep: JSON.parse(nested(500)) as unknown } }, /nested too deep/),
    invalid('metadata that is no object', { metadata: 'here' }, /metadata must be/),
    invalid('metadata that is no text', { metadata: { node: 5 } }, /metadata.node must be a text/),
    invalid('a time that is none', { timestamp: 'NaN' }, /timestamp must be an RFC 3339 time/),
    invalid('a number for a time', { timestamp: 1_764_000_000 }, /timestamp must be an RFC 3339 time/),
    invalid('the 30th of February', { timestamp: '2026-02-40T00:00:00Z' }, /timestamp must be an RFC 3339 time/),
    invalid('the year 9999', { timestamp: '9999-12-31T23:59:59Z' }, /ahead of the bus's clock/),
    invalid(
      'a clock from the future, which would drag every story there',
      {
        timestamp: '2100-01-01T00:00:00Z',
        data: { kind: 'source-health', state: 'healthy', reason: null, lost: 0 },
        metadata: { ...good.metadata, source: 'kubernetes@nowhere' },
      },
      /ahead of the bus's clock/,
    ),
    {
      what: 'one bad event among good ones',
      body: `[${left}, ${bad} ,${right}]`,
      code: 'EVENT_INVALID',
      reason: /type must be/,
      dead: [bad],
    },
    { what: 'an empty batch', body: '[]', code: 'EVENT_INVALID', reason: /at least one event/ },
    {
      what: 'a pod without a name',
      body: lyingPod,
      code: 'EVENT_INVALID',
      reason: /payload of kubeapi\/pod cannot be read/,
    },
    {
      what: 'a health report with a state of its own',
      body: lyingClock,
      code: 'EVENT_INVALID',
      reason: /data.state must be healthy/,
    },
  ];
  return {
    event,
    garbage: garbage.map((each) =>
      each.what === 'not an object' ? { ...each, body: '"hello"', reason: /must be a JSON object/ } : each,
    ),
  };
}

const unifiedGarbage: readonly Garbage[] = [
  { what: 'no JSON', body: '{"kind":', code: 'EVENT_UNPARSABLE', reason: /JSON/ },
  {
    what: 'a finding of no kind',
    body: '{"kind":"constructor","at":"2026-11-24T10:00:00.000000000Z"}',
    code: 'EVENT_INVALID',
    reason: /kind must be one of/,
  },
  {
    what: 'an entity of nothing',
    body: '{"kind":"entity","at":"2026-11-24T10:00:00.000000000Z"}',
    code: 'EVENT_INVALID',
    reason: /entity must be a JSON object/,
  },
  {
    what: 'a finding without time',
    body: '{"kind":"event","at":null}',
    code: 'EVENT_INVALID',
    reason: /at must be a time/,
  },
  {
    what: 'a clock from the future',
    body: JSON.stringify({
      kind: 'health',
      at: '2100-01-01T00:00:00.000000000Z',
      source: {
        source: 'kubernetes@nowhere',
        cluster: 'local',
        node: null,
        state: 'healthy',
        reason: null,
        lost: 0,
        lastSeen: '2100-01-01T00:00:00.000000000Z',
      },
    }),
    code: 'EVENT_INVALID',
    reason: /ahead of the bus's clock/,
  },
];

describeWith(['nats', 'neo4j'], 'garbage on a real bus', () => {
  const folder = temporaryFolder('throughline-garbage-');
  let neo4j: Neo4jServer;
  let pipeline: Pipeline;
  let transport: Transport;
  let connection: NatsConnection;

  beforeAll(async () => {
    neo4j = await startNeo4j();
    pipeline = await startPipeline({
      neo4jUrl: neo4j.url,
      logFolder: folder.path,
      file,
      nats: { configuration: 'max_payload: 16MB' },
    });
    transport = createTransport(
      { kind: 'nats', nats: { url: pipeline.nats.url, stream } },
      { log: pino({ level: 'silent' }), registry: new Registry() },
    );
    await transport.start();
    connection = await connect({ servers: pipeline.nats.url });
  });
  afterAll(async () => {
    await connection?.close();
    await transport?.stop();
    await pipeline?.stop();
    await neo4j?.stop();
    folder.remove();
  });

  test('each is a dead letter with its reason and its bytes, and counted; the rest is as if it had not been there', async () => {
    const recording = await recorded(file);
    const good = recording.played.find(
      ({ type, data }) => type === 'log' && data.kind === 'line' && data['level'] === 'info',
    )!;
    const { garbage } = madeOf(good);
    for (const { body } of garbage) await connection.request('events.log.line.3', body, { timeout: 5_000 });
    for (const { body } of unifiedGarbage) await connection.request('unified.local', body, { timeout: 5_000 });

    const alone = await replayAlone([file]);
    expect(alone).not.toBe('');
    expect(await pipeline.replay([file])).toBe(alone);
    expect(pipeline.ingest().running()).toBe(true);

    const { last } = await transport.position('dead');
    const letters: { subject: string; body: string; code: string; reason: string }[] = [];
    for await (const { subject, body, headers } of transport.read({ stream: 'dead', from: 1, until: last })) {
      const text = Buffer.from(body).toString('latin1');
      letters.push({ subject, body: text, code: headers['Throughline-Code']!, reason: headers['Throughline-Reason']! });
    }
    const expected = [
      ...garbage.map((each) => ({ ...each, from: 'raw' })),
      ...unifiedGarbage.map((each) => ({ ...each, from: 'unified' })),
    ];
    for (const { what, body, code, reason, dead, from } of expected) {
      for (const bytes of dead ?? [body]) {
        const text = Buffer.from(bytes as string).toString('latin1');
        const found = letters.filter((letter) => letter.body === text && letter.subject.startsWith(`dead.${from}.`));
        expect({ what, codes: found.map((letter) => letter.code) }).toEqual({ what, codes: [code] });
        expect(found[0]!.reason).toMatch(reason);
      }
    }
    expect(letters).toHaveLength(expected.length);

    const metrics = await (await fetch(`${pipeline.ingest().url}/metrics`)).text();
    const counted = (name: string): number =>
      [...metrics.matchAll(new RegExp(`^${name}\\{.*\\} (\\d+)$`, 'gm'))].reduce(
        (sum, [, value]) => sum + Number(value),
        0,
      );
    expect(counted('throughline_raw_events_rejected_total')).toBe(garbage.length);
    expect(counted('throughline_findings_rejected_total')).toBe(unifiedGarbage.length);

    const graph = openGraph(neo4j.url);
    const { nodes } = await graph.lines();
    await graph.close();
    expect(nodes.join('\n')).not.toMatch(/nowhere|rumour/);
  }, 300_000);

  test('a restart does not tell of the same garbage again', async () => {
    const before = await transport.position('dead');
    await pipeline.ingest().kill();
    await pipeline.forgetMessageIds();
    await pipeline.crash();
    expect(await transport.position('dead')).toEqual(before);
  });
});

describe('payloads that lie at any of their fields', () => {
  const lies: readonly unknown[] = [
    null,
    5,
    -1,
    1e300,
    '',
    'x',
    true,
    [],
    {},
    [null],
    { a: { b: null } },
    '9999-99-99T99:99:99Z',
    '__proto__',
  ];

  test.each([1, 2, 3, 4])('stop nothing: every event is read or refused (%s of 4)', async (seed) => {
    const recording: Recorded = await recorded(file);
    let lied = 0;
    const events = recording.events.map((event, index) => {
      if (isClock(event) || index % 5 !== seed) return event;
      const copy = structuredClone(event) as { data: Record<string, unknown> } & RawEvent;
      const [holder, key] = fields(copy.data, index * 7 + seed);
      holder[key] = lies[(index + seed) % lies.length];
      lied++;
      return copy;
    });
    expect(lied).toBeGreaterThan(50);
    const { ready, lines } = await correlate(recording.cluster, (transport) =>
      publishInBatches(transport, events, 100),
    );
    expect(ready).toBe(true);
    expect(lines).not.toContain('undefined');
  });

  /** Some field of a tree, other than its kind. */
  function fields(tree: Record<string, unknown>, choice: number): [Record<string, unknown>, string] {
    const found: [Record<string, unknown>, string][] = [];
    const visit = (node: Record<string, unknown>, depth: number): void => {
      for (const [key, value] of Object.entries(node)) {
        if (depth > 0 || key !== 'kind') found.push([node, key]);
        if (typeof value === 'object' && value !== null) visit(value as Record<string, unknown>, depth + 1);
      }
    };
    visit(tree, 0);
    return found[choice % found.length]!;
  }
});

describe('a wrong configuration', () => {
  test('is refused in one message that names every bad key, and the process ends with 1', async () => {
    const folder = temporaryFolder('throughline-config-');
    const config = join(folder.path, 'throughline.yaml');
    writeFileSync(config, 'correlation:\n  window: soon\n  min_event: 3\napi:\n  port: 99999\n');
    const { code, stderr, stdout } = await new Promise<{ code: unknown; stderr: string; stdout: string }>((resolve) => {
      execFile(
        process.execPath,
        [join(packageRoot(), 'dist', 'src', 'cli.js'), '--config', config, 'ingest'],
        { env: { ...process.env, NODE_OPTIONS: '', NATS_URL: 'http://nats', LOG_LEVEL: 'loud', INGEST_PORT: 'many' } },
        (error, stdout, stderr) => resolve({ code: error?.code, stderr, stdout }),
      );
    });
    folder.remove();
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr.match(/^throughline: /gm)).toHaveLength(1);
    for (const key of [
      'correlation.window',
      'correlation.min_event',
      'api.port',
      'nats.url',
      'log.level',
      'ingest.port',
    ]) {
      expect(stderr).toContain(key);
    }
    expect(stderr).toContain('correlation.min_events');
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});
