import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { appendFileSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { record, type RecordOptions } from '../../src/commands/record.js';
import { readRecording, writeRecording } from '../../src/commands/recording.js';
import { loadConfig } from '../../src/config/load-config.js';
import { rawEventId } from '../../src/model/ids.js';
import type { RawEvent } from '../../src/model/raw-event.js';
import { fromEpochMs, now } from '../../src/model/time.js';
import { encode } from '../../src/transport/codec.js';
import { createTransport } from '../../src/transport/create.js';
import { rawSubject } from '../../src/transport/subjects.js';
import type { Transport } from '../../src/transport/transport.js';
import { temporaryFolder } from '../servers/processes.js';

const log = pino({ level: 'silent' });
let folder: ReturnType<typeof temporaryFolder>;

beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

function event(number: number): RawEvent {
  const content = {
    type: 'log' as const,
    traceId: null,
    spanId: null,
    timestamp: fromEpochMs(1_764_000_000_000 + number),
    data: { kind: 'line', stream: 'stdout', message: `line ${number}`, level: null, attributes: {} },
    metadata: { cluster: 'test', source: 'container-logs@node-1', namespace: 'shop' },
  };
  return { schemaVersion: 1, id: rawEventId(content), ...content };
}

async function readAll(
  path: string,
): Promise<{ events: RawEvent[]; unreadable: ReturnType<typeof readRecording>['unreadable'] }> {
  const recording = readRecording(path);
  const events: RawEvent[] = [];
  for await (const each of recording) events.push(each);
  return { events, unreadable: recording.unreadable };
}

const events = Array.from({ length: 200 }, (_, number) => event(number));
const lines = events.map((each) => `${JSON.stringify(each)}\n`);

describe('a recording', () => {
  test.each(['recording.jsonl', 'recording.jsonl.gz'])('%s comes back as it was written', async (name) => {
    const path = join(folder.path, name);
    const writer = writeRecording(path);
    for (const each of events) writer.write(each);
    await writer.close();
    expect(await readAll(path)).toEqual({ events, unreadable: { count: 0, lines: [] } });
    const bytes = readFileSync(path);
    expect((name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()).toBe(lines.join(''));
  });

  test('names the lines that cannot be read, and gives the others', async () => {
    const path = join(folder.path, 'mixed.jsonl');
    const bad = ['{"half":\n', '[]\n', `${JSON.stringify({ ...events[0], type: 'nonsense' })}\n`];
    writeFileSync(path, [lines[0], bad[0], lines[1], '\n', bad[1], lines[2], bad[2]].join(''));
    const { events: read, unreadable } = await readAll(path);
    expect(read).toEqual(events.slice(0, 3));
    expect(unreadable.count).toBe(3);
    expect(unreadable.lines.map(({ number }) => number)).toEqual([2, 5, 7]);
    expect(unreadable.lines[2]!.problem).toContain('type must be one of');
  });

  test('of a recorder that was killed gives everything up to the cut', async () => {
    const path = join(folder.path, 'cut.jsonl.gz');
    writeFileSync(path, gzipSync(lines.join('')));
    truncateSync(path, Math.floor(readFileSync(path).length * 0.8));
    const { events: read, unreadable } = await readAll(path);
    expect(read.length).toBeGreaterThan(10);
    expect(read).toEqual(events.slice(0, read.length));
    expect(unreadable.count).toBeGreaterThan(0);
  });

  test.each([
    ['is empty', () => ''],
    ['holds no event', () => 'hello\nworld\n'],
  ])('that %s is refused', async (_, content) => {
    const path = join(folder.path, 'none.jsonl');
    writeFileSync(path, content());
    await expect(readAll(path)).rejects.toMatchObject({
      code: 'RECORDING_UNREADABLE',
      message: expect.stringContaining(path),
    });
  });

  test('that is not there, or is no gzip file, is refused', async () => {
    await expect(readAll(join(folder.path, 'missing.jsonl'))).rejects.toMatchObject({ code: 'RECORDING_UNREADABLE' });
    writeFileSync(join(folder.path, 'no.gz'), lines.join(''));
    await expect(readAll(join(folder.path, 'no.gz'))).rejects.toMatchObject({ code: 'RECORDING_UNREADABLE' });
  });

  test('whose file cannot be written fails', async () => {
    const writer = writeRecording(join(folder.path, 'no', 'such', 'folder.jsonl.gz'));
    writer.write(events[0]!);
    await expect(writer.close()).rejects.toThrow('ENOENT');
  });
});

describe('record', () => {
  function options(more: Partial<RecordOptions>): RecordOptions {
    const env = {
      AGENT_COLLECTORS: 'kubernetes,container-logs',
      AGENT_POD_LOGS: join(folder.path, 'pods'),
      NODE_NAME: 'node-1',
      KUBECONFIG: join(folder.path, 'no-kubeconfig'),
      CLUSTER_NAME: 'lab',
    };
    return {
      out: join(folder.path, 'out.jsonl.gz'),
      seconds: null,
      bus: null,
      config: loadConfig({ role: 'agent', file: null, env }),
      log,
      registry: new Registry(),
      signal: new AbortController().signal,
      progress: () => undefined,
      ...more,
    };
  }

  test('writes what the collectors see, clocks included, until it is told to end', async () => {
    const container = join(folder.path, 'pods', 'shop_cart_1', 'cart');
    mkdirSync(container, { recursive: true });
    const ending = new AbortController();
    const said: string[] = [];
    const recording = record(options({ signal: ending.signal, progress: (text) => said.push(text) }));
    const timer = setInterval(
      () => appendFileSync(join(container, '0.log'), `${now()} stderr F {"level":"error","msg":"boom"}\n`),
      50,
    );
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    clearInterval(timer);
    ending.abort();
    const { events: count } = await recording;
    const { events: read } = await readAll(options({}).out);
    expect(read).toHaveLength(count);
    const lineEvents = read.filter(({ data }) => data.kind === 'line');
    expect(lineEvents.length).toBeGreaterThan(0);
    expect(lineEvents[0]!.metadata).toEqual({
      cluster: 'lab',
      source: 'container-logs@node-1',
      node: 'node-1',
      namespace: 'shop',
      pod: 'cart',
      podUid: '1',
      container: 'cart',
    });
    // The last word of every source is its clock, so that a replay can close its windows.
    expect(
      read
        .slice(-2)
        .map(({ data, metadata }) => [data.kind, metadata.source])
        .sort(),
    ).toEqual([
      ['source-health', 'container-logs@node-1'],
      ['source-health', 'kubernetes@node-1'],
    ]);
    const kubernetes = read.find(({ metadata }) => metadata.source === 'kubernetes@node-1')!;
    expect(kubernetes.data).toMatchObject({ state: 'down', reason: expect.stringContaining('no-kubeconfig') });
    expect(said.at(-1)).toContain(`log ${lineEvents.length}`);
  });

  test('ends by itself after its seconds', async () => {
    mkdirSync(join(folder.path, 'pods'));
    const { events: count } = await record(options({ seconds: 0.1 }));
    const { events: read } = await readAll(options({}).out);
    expect(read).toHaveLength(count);
    expect(new Set(read.map(({ metadata }) => metadata.source))).toEqual(
      new Set(['kubernetes@node-1', 'container-logs@node-1']),
    );
  });

  test('writes what is published on the bus from its start on', async () => {
    const bus = createTransport({ kind: 'memory' }, { log, registry: new Registry() });
    const publish = (each: RawEvent) =>
      bus.publish([{ stream: 'raw', subject: rawSubject(each), id: each.id, body: encode([each]) }]);
    await bus.start();
    await publish(events[0]!);
    const ending = new AbortController();
    const out = join(folder.path, 'bus.jsonl');
    let begin = (): void => undefined;
    const reading = new Promise<void>((resolve) => (begin = resolve));
    const watched: Transport = {
      ...bus,
      async *read(wanted) {
        begin();
        let count = 0;
        for await (const message of bus.read(wanted)) {
          yield message;
          if (++count === 19) ending.abort();
        }
      },
    };
    const recording = record(options({ out, bus: watched, signal: ending.signal }));
    await reading;
    for (const each of events.slice(1, 20)) await publish(each);
    await recording;
    expect((await readAll(out)).events).toEqual(events.slice(1, 20));
  });
});
