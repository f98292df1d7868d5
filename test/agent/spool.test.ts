import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { transformSync } from '@swc/core';
import { spawn } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { openSpool, type Spool, type SpoolOptions } from '../../agent/spool.js';
import type { OutgoingMessage } from '../../src/transport/transport.js';
import { temporaryFolder } from '../servers/processes.js';

describe('the spool', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let dropped: string[];
  let opened: Spool[];

  beforeEach(() => {
    folder = temporaryFolder();
    dropped = [];
    opened = [];
  });

  afterEach(() => {
    for (const spool of opened) spool.close();
    folder.remove();
  });

  function open(options: Partial<SpoolOptions> = {}): Spool {
    const spool = openSpool({
      path: join(folder.path, 'spool'),
      maxBytes: 64 * 1024 * 1024,
      onDropped: (messages) => dropped.push(...messages.map(({ id }) => id)),
      ...options,
    });
    opened.push(spool);
    return spool;
  }

  function message(number: number, bytes = 100): OutgoingMessage {
    return {
      stream: 'raw',
      subject: `events.log.line.${number % 64}`,
      id: String(number),
      body: new Uint8Array(bytes).fill(number % 256),
    };
  }

  function* range(from: number, to: number): Generator<number> {
    for (let number = from; number < to; number++) yield number;
  }

  function drain(spool: Spool, batchBytes = 1_000): OutgoingMessage[] {
    const all: OutgoingMessage[] = [];
    for (let batch = spool.peek(batchBytes); batch.length > 0; batch = spool.peek(batchBytes)) {
      all.push(...batch);
      spool.advance(batch.length);
    }
    return all;
  }

  const ids = (messages: readonly OutgoingMessage[]): number[] => messages.map(({ id }) => Number(id));

  test('gives back what was put in, in order, over many segments', () => {
    const spool = open({ segmentBytes: 4_096 });
    const messages = [...range(0, 500)].map((number) => message(number));
    for (const each of messages) spool.append([each]);
    expect(readdirSync(join(folder.path, 'spool')).length).toBeGreaterThan(10);
    const back = drain(spool);
    expect(back.map(({ body, ...head }) => ({ ...head, body: new Uint8Array(body) }))).toEqual(messages);
    expect(spool.empty()).toBe(true);
    expect(spool.bytes()).toBe(0);
    expect(readdirSync(join(folder.path, 'spool')).filter((name) => name.endsWith('.spool'))).toEqual([]);
  });

  test('what is not advanced over comes again, also after a restart', () => {
    const spool = open({ segmentBytes: 4_096 });
    spool.append([...range(0, 100)].map((number) => message(number)));
    expect(ids(spool.peek(1))).toEqual([0]);
    expect(ids(spool.peek(1))).toEqual([0]);
    spool.peek(10_000);
    spool.advance(37);
    spool.close();
    const again = open();
    again.append([message(100)]);
    expect(ids(drain(again))).toEqual([...range(37, 101)]);
  });

  test('takes messages while it is drained', () => {
    const spool = open({ segmentBytes: 4_096 });
    const seen: number[] = [];
    for (const number of range(0, 300)) {
      spool.append([message(number)]);
      if (number % 3 === 0) continue;
      const batch = spool.peek(150);
      seen.push(...ids(batch));
      spool.advance(batch.length);
    }
    seen.push(...ids(drain(spool)));
    expect(seen).toEqual([...range(0, 300)]);
  });

  test('never holds more than its bound: the oldest go, and are counted', () => {
    const spool = open({ maxBytes: 64 * 1024 });
    for (const number of range(0, 2_000)) {
      spool.append([message(number)]);
      expect(spool.bytes()).toBeLessThanOrEqual(64 * 1024);
    }
    const kept = ids(drain(spool));
    expect([...dropped.map(Number), ...kept]).toEqual([...range(0, 2_000)]);
    expect(kept.length).toBeGreaterThan(200);
  });

  test('a record cut at any byte is dropped at the next start, and nothing before it', () => {
    const spool = open();
    spool.append([message(1), message(2), message(3)]);
    spool.close();
    const [segment] = readdirSync(join(folder.path, 'spool'));
    const whole = join(folder.path, 'spool', segment!);
    const recordBytes = statSync(whole).size / 3;
    for (let cut = 1; cut <= recordBytes; cut += 7) {
      const path = join(folder.path, `cut-${cut}`);
      mkdirSync(path);
      copyFileSync(whole, join(path, segment!));
      truncateSync(join(path, segment!), recordBytes * 3 - cut);
      const cutSpool = open({ path });
      cutSpool.append([message(4)]);
      expect(ids(drain(cutSpool))).toEqual([1, 2, 4]);
    }
  });

  test('garbage at the end of a segment is cut off', () => {
    const spool = open();
    spool.append([message(1)]);
    spool.close();
    const [segment] = readdirSync(join(folder.path, 'spool'));
    appendFileSync(join(folder.path, 'spool', segment!), Buffer.from([0, 0, 0, 4, 1, 2, 3, 4, 5, 6, 7, 8]));
    expect(ids(drain(open()))).toEqual([1]);
  });

  test('survives kill -9 while it is written: everything that append() returned for is there, whole and in order', async () => {
    const source = readFileSync(join(import.meta.dirname, '..', '..', 'agent', 'spool.ts'), 'utf8');
    const { code } = transformSync(source, {
      jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
      module: { type: 'es6' },
    });
    writeFileSync(join(folder.path, 'spool.mjs'), code);
    writeFileSync(
      join(folder.path, 'writer.mjs'),
      `import { writeSync } from 'node:fs';
       import { openSpool } from './spool.mjs';
       const spool = openSpool({ path: process.argv[2], maxBytes: 1e9, segmentBytes: 200_000, onDropped() {} });
       for (let number = Number(process.argv[3]); ; number++) {
         spool.append([{ stream: 'raw', subject: 's', id: String(number), body: new Uint8Array(1 + (number * 7919) % 20_000).fill(number % 256) }]);
         writeSync(1, number + '\\n');
       }`,
    );
    let expected = 0;
    for (let round = 0; round < 3; round++) {
      const child = spawn(process.execPath, [
        join(folder.path, 'writer.mjs'),
        join(folder.path, 'spool'),
        String(expected),
      ]);
      let printed = '';
      await new Promise<void>((resolve, reject) => {
        child.once('error', reject);
        child.once('exit', () => resolve());
        child.stdout.setEncoding('utf8').on('data', (text: string) => {
          printed += text;
          if (printed.split('\n').length > 200) child.kill('SIGKILL');
        });
      });
      const acknowledged = Number(printed.slice(0, printed.lastIndexOf('\n')).split('\n').at(-1));
      const spool = open();
      const stored = spool.peek(Infinity);
      spool.close();
      expect(ids(stored)).toEqual([...range(0, stored.length)]);
      expect(stored.length).toBeGreaterThanOrEqual(acknowledged + 1);
      for (const { id, body } of stored) {
        const whole = Buffer.alloc(1 + ((Number(id) * 7919) % 20_000), Number(id) % 256);
        if (!whole.equals(body)) throw new Error(`message ${id} is not as it was written`);
      }
      expected = stored.length;
    }
    expect(expected).toBeGreaterThanOrEqual(600);
  });
});
