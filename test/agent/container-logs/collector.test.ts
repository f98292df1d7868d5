import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import type { CollectedEvent, Collector } from '../../../agent/collector.js';
import { createContainerLogs, type ContainerLogsOptions } from '../../../agent/collectors/container-logs/collector.js';
import type { LogLine } from '../../../src/model/payloads.js';
import { fromEpochMs, now } from '../../../src/model/time.js';
import { temporaryFolder } from '../../servers/processes.js';

const pod = 'shop_cart-7d9f8_9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d';

describe('container logs', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let root: string;
  let running: Collector[];

  beforeEach(() => {
    folder = temporaryFolder();
    root = join(folder.path, 'pods');
    mkdirSync(root);
    running = [];
  });

  afterEach(async () => {
    for (const collector of running) await collector.stop();
    folder.remove();
  });

  /** Polls so rarely that only drain() reads: the tests decide when. */
  async function follow(options: Partial<ContainerLogsOptions> = {}) {
    const events: CollectedEvent[] = [];
    const collector = createContainerLogs({
      root,
      node: 'node-1',
      checkpointPath: join(folder.path, 'state', 'checkpoint.json'),
      startAt: 'beginning',
      pollMs: 3_600_000,
      maxPieceAgeMs: 3_600_000,
      log: pino({ level: 'silent' }),
      registry: new Registry(),
      ...options,
    });
    running.push(collector);
    await collector.start((event) => events.push(event), new AbortController().signal);
    return {
      collector,
      events,
      drain: () => collector.drain!(),
      commit: () => collector.commit!(),
      messages: () => events.map(({ data }) => (data as unknown as LogLine).message),
    };
  }

  function logPath(name = '0.log', container = 'cart', podFolder = pod): string {
    const path = join(root, podFolder, container, name);
    mkdirSync(dirname(path), { recursive: true });
    return path;
  }

  function write(path: string, ...texts: string[]): void {
    for (const text of texts) appendFileSync(path, `${now()} stdout F ${text}\n`);
  }

  test('gives each line with the time of the runtime and the place from the path', async () => {
    const at = now();
    writeFileSync(
      logPath(),
      `${at} stderr F {"level":"error","msg":"boom","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"}\n`,
    );
    const { drain, events } = await follow();
    await drain();
    expect(events).toEqual([
      {
        type: 'log',
        timestamp: at,
        traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
        spanId: null,
        data: { kind: 'line', stream: 'stderr', message: 'boom', level: 'error', attributes: {} },
        metadata: {
          node: 'node-1',
          namespace: 'shop',
          pod: 'cart-7d9f8',
          podUid: '9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d',
          container: 'cart',
        },
      },
    ]);
  });

  test('starts at the end of files that are there at the first start, and at the beginning of those that appear later', async () => {
    write(logPath(), 'before');
    const { drain, messages } = await follow({ startAt: 'end' });
    await drain();
    write(logPath(), 'after');
    write(logPath('1.log'), 'restarted');
    write(logPath('0.log', 'web', 'shop_frontend_1'), 'new pod');
    await drain();
    expect(messages()).toEqual(['after', 'restarted', 'new pod']);
  });

  test('puts the lines of all files into one order of time', async () => {
    const startMs = Date.now();
    for (let at = 0; at < 60; at++) {
      const path = logPath('0.log', `container-${at % 3}`);
      appendFileSync(path, `${fromEpochMs(startMs + at)} stdout F line ${at}\n`);
    }
    const { drain, messages } = await follow();
    await drain();
    expect(messages()).toEqual(Array.from({ length: 60 }, (_, at) => `line ${at}`));
  });

  test('waits for the end of a line that is being written, and for the last piece of a line in pieces', async () => {
    const path = logPath();
    const { drain, messages } = await follow();
    appendFileSync(path, `${now()} stdout P one `);
    await drain();
    appendFileSync(path, `and\n${now()} stdout P two `);
    await drain();
    expect(messages()).toEqual([]);
    appendFileSync(path, `and\n${now()} stdout F three\n`);
    await drain();
    expect(messages()).toEqual(['one andtwo andthree']);
  });

  test('the watermark waits for a line of which pieces are missing', async () => {
    const path = logPath();
    const { drain, events } = await follow();
    const pieceAt = fromEpochMs(Date.now() - 200);
    appendFileSync(path, `${pieceAt} stdout P one \n`);
    expect(await drain()).toBe(pieceAt);
    appendFileSync(path, `${now()} stdout F two\n`);
    const watermark = await drain();
    expect(watermark > pieceAt).toBe(true);
    expect(events).toHaveLength(1);
  });

  test('a piece whose end does not come is given out, and holds the watermark no longer', async () => {
    appendFileSync(logPath(), `${now()} stdout P a prompt: \n`);
    const { drain, messages } = await follow({ maxPieceAgeMs: 0 });
    await drain();
    expect(messages()).toEqual(['a prompt:']);
  });

  test('loses nothing and repeats nothing when kubelet rotates by rename', async () => {
    const path = logPath();
    const { drain, messages } = await follow();
    const expected: string[] = [];
    for (let rotation = 0; rotation < 5; rotation++) {
      for (let at = 0; at < 10; at++) {
        write(path, `${rotation}-${at}`);
        expected.push(`${rotation}-${at}`);
        if (at % 4 === 0) await drain();
      }
      // The last lines before the rename were not read yet; after it, the runtime writes a little more to the old file.
      const rotated = `${path}.20261124-18000${rotation}`;
      renameSync(path, rotated);
      if (rotation % 2 === 0) await drain();
      write(rotated, `${rotation}-late`);
      expected.push(`${rotation}-late`);
      write(path, `${rotation}-new`);
      expected.push(`${rotation}-new`);
    }
    await drain();
    expect(messages()).toEqual(expected);
  });

  test('finds every file when the log was rotated twice between two looks', async () => {
    const path = logPath();
    write(path, 'first');
    const { drain, messages } = await follow();
    await drain();
    write(path, 'first, unread');
    renameSync(path, `${path}.20261124-180001`);
    write(path, 'second');
    renameSync(path, `${path}.20261124-180002`);
    write(path, 'third');
    await drain();
    expect(messages()).toEqual(['first', 'first, unread', 'second', 'third']);
  });

  test('leaves compressed files alone', async () => {
    const path = logPath();
    write(path, 'live');
    writeFileSync(`${path}.20261124-170000.gz`, gzipSync(`${now()} stdout F compressed\n`));
    const { drain, messages } = await follow();
    await drain();
    expect(messages()).toEqual(['live']);
  });

  test('begins again when a file was truncated in place, also when as much was written since', async () => {
    const path = logPath();
    write(path, 'long line before the truncation', 'and one more');
    const { drain, messages } = await follow();
    await drain();
    const { size } = statSync(path);
    truncateSync(path, 0);
    write(path, 'short');
    await drain();
    truncateSync(path, 0);
    // More than before, and no line feed where the old end was.
    writeFileSync(path, `${now()} stdout F ${'x'.repeat(size)}\n`);
    await drain();
    expect(messages()).toEqual(['long line before the truncation', 'and one more', 'short', 'x'.repeat(size)]);
  });

  test('reads what a pod wrote last, although its folder is gone, and lets the file go', async () => {
    const path = logPath();
    write(path, 'alive');
    const { drain, messages, collector } = await follow();
    await drain();
    write(path, 'last words');
    appendFileSync(path, `${now()} stdout F without a line feed`);
    rmSync(join(root, pod), { recursive: true });
    await drain();
    await drain();
    expect(messages()).toEqual(['alive', 'last words', 'without a line feed']);
    expect(collector.health()).toEqual({ state: 'healthy', reason: null, lost: 0 });
  });

  test('goes on after a restart where it was committed, through rotation and new containers', async () => {
    const path = logPath();
    write(path, 'one', 'two');
    const first = await follow();
    await first.drain();
    await first.commit();
    await first.collector.stop();

    write(path, 'three');
    renameSync(path, `${path}.20261124-180001`);
    write(path, 'four');
    write(logPath('0.log', 'sidecar'), 'new container');

    const second = await follow({ startAt: 'end' });
    await second.drain();
    expect(second.messages()).toEqual(['three', 'four', 'new container']);
  });

  test('goes on after a restart in the middle of a line in pieces', async () => {
    const path = logPath();
    write(path, 'whole');
    appendFileSync(path, `${now()} stdout P one \n${now()} stdout P two \n`);
    const first = await follow();
    await first.drain();
    await first.commit();
    await first.collector.stop();
    appendFileSync(path, `${now()} stdout F three\n`);
    write(path, 'next');
    const second = await follow();
    await second.drain();
    expect([...first.messages(), ...second.messages()]).toEqual(['whole', 'one two three', 'next']);
  });

  test('repeats after a crash what was not committed, with the same times, and loses nothing', async () => {
    const path = logPath();
    write(path, 'committed');
    const first = await follow();
    await first.drain();
    await first.commit();
    write(path, 'drained, not committed');
    await first.drain();
    await first.collector.stop();
    write(path, 'never seen');

    const second = await follow();
    await second.drain();
    expect(second.messages()).toEqual(['drained, not committed', 'never seen']);
    expect(second.events[0]!.timestamp).toBe(first.events[1]!.timestamp);
  });

  test('does not take another file for the one it knew, even with the same name and size', async () => {
    const path = logPath();
    write(path, 'known');
    const first = await follow();
    await first.drain();
    await first.commit();
    await first.collector.stop();
    const checkpoint = join(folder.path, 'state', 'checkpoint.json');
    const other = readFileSync(path, 'utf8').replace('known', 'other');
    rmSync(path);
    writeFileSync(path, other);
    // As when the inode was given out again.
    const positions = JSON.parse(readFileSync(checkpoint, 'utf8')) as { files: Record<string, { inode: number }[]> };
    Object.values(positions.files)[0]![0]!.inode = statSync(path).ino;
    writeFileSync(checkpoint, JSON.stringify(positions));

    const second = await follow();
    await second.drain();
    expect(second.messages()).toEqual(['other']);
  });

  test('a checkpoint that cannot be read is a first start', async () => {
    mkdirSync(join(folder.path, 'state'));
    writeFileSync(join(folder.path, 'state', 'checkpoint.json'), '{"version":1,"files":{"x":"nonsense"}}');
    write(logPath(), 'old');
    const { drain, messages } = await follow({ startAt: 'end' });
    write(logPath(), 'new');
    await drain();
    expect(messages()).toEqual(['new']);
  });

  test('never gives a line that is older than the watermark it promised', async () => {
    const path = logPath();
    const { drain, events, collector } = await follow();
    write(path, 'x');
    const watermark = await drain();
    // The runtime stalled between stamping the line and writing it.
    appendFileSync(
      path,
      `${fromEpochMs(Date.now() - 2_000)} stdout F late\n${fromEpochMs(Date.now() - 3_600_000)} stdout F ancient\n`,
    );
    await drain();
    expect(events.slice(1).map(({ timestamp }) => timestamp)).toEqual([watermark]);
    expect(collector.health()).toMatchObject({ state: 'degraded', lost: 1 });
    expect(collector.health().reason).toContain('shop/cart-7d9f8/cart');
  });

  test('the watermark does not pass a file that it could not finish', async () => {
    const path = logPath();
    const startMs = Date.now() - 60_000;
    const line = 'x'.repeat(8_000);
    // More than one drain may read: 32 MiB of one file, at 64 KiB a round and file with many files around.
    for (let block = 0; block < 64; block++) {
      appendFileSync(
        path,
        Array.from({ length: 64 }, (_, at) => `${fromEpochMs(startMs + block * 64 + at)} stdout F ${line}\n`).join(''),
      );
    }
    const { drain, events } = await follow({ linesPerSecond: 1e9, burstLines: 1e9 });
    for (let round = 0; round < 100 && events.length < 4_096; round++) {
      const watermark = await drain();
      const given = events.length;
      await drain();
      for (const { timestamp } of events.slice(given)) expect(timestamp >= watermark).toBe(true);
    }
    expect(events).toHaveLength(4_096);
  });

  test('guards against a flood of one container, counts what it drops, and leaves the others alone', async () => {
    const at = now();
    const flood = logPath('0.log', 'flood');
    writeFileSync(flood, Array.from({ length: 500 }, (_, n) => `${at} stdout F ${n}\n`).join(''));
    write(logPath('0.log', 'quiet'), 'heard');
    const { drain, messages, collector } = await follow({ linesPerSecond: 10, burstLines: 100 });
    await drain();
    expect(messages().filter((message) => message !== 'heard')).toHaveLength(100);
    expect(messages()).toContain('heard');
    expect(collector.health()).toEqual({
      state: 'degraded',
      reason: '400 lines of shop/cart-7d9f8/flood dropped by the rate guard',
      lost: 400,
    });
  });

  test('skips what is no CRI line, however long, and says so', async () => {
    const path = logPath();
    appendFileSync(path, `garbage\n${'y'.repeat(700_000)}\n`);
    write(path, 'good');
    const { drain, messages, collector } = await follow();
    await drain();
    expect(messages()).toEqual(['good']);
    expect(collector.health().lost).toBe(2);
    expect(collector.health().reason).toMatch(/not in CRI format.*too long/);
  });

  test('reports a root that is not there, and follows it when it comes', async () => {
    rmSync(root, { recursive: true });
    const { drain, messages, collector } = await follow({ startAt: 'end' });
    await drain();
    expect(collector.health().state).toBe('down');
    expect(collector.health().reason).toContain(root);
    mkdirSync(root);
    await drain();
    write(logPath(), 'here');
    await drain();
    expect(messages()).toEqual(['here']);
    expect(collector.health().state).toBe('healthy');
  });

  test('reads by itself, without being asked, when something is written', async () => {
    const { messages } = await follow({ pollMs: 10 });
    write(logPath(), 'unasked');
    while (messages().length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(messages()).toEqual(['unasked']);
  });

  test('a file as containerd writes it, in local time and 16 KiB pieces, reads as written', async () => {
    const path = logPath();
    copyFileSync(join(import.meta.dirname, 'fixtures', 'containerd.cri'), path);
    const { drain, events } = await follow();
    await drain();
    const lines = events.map(({ timestamp, data }) => ({ timestamp, ...(data as unknown as LogLine) }));
    expect(lines.map(({ level }) => level)).toEqual(['info', 'error', null, 'fatal']);
    expect(lines[2]!.message).toBe(`${'a'.repeat(16_384)}`);
    expect(lines[3]!.timestamp).toBe('2026-11-24T17:30:42.000000001Z');
  });
});
