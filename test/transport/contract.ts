import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import type { RawEvent } from '../../src/model/raw-event.js';
import { contentId } from '../../src/model/ids.js';
import { decodeEvents, encode } from '../../src/transport/codec.js';
import { deadLetterHeaders } from '../../src/transport/dead-letter.js';
import { rawSubject, shardOf, traceSubject, unifiedSubject } from '../../src/transport/subjects.js';
import type {
  Consumer,
  ConsumeOptions,
  IncomingMessage,
  OutgoingMessage,
  ReadOptions,
  StoredMessage,
  Transport,
} from '../../src/transport/transport.js';
import { clock, logLine, oomVictim } from './raw-events.js';

/** What every adapter of the transport port keeps to. `create` gives a started transport with empty streams, for every test anew. */
export function transportContract(create: () => Promise<Transport>): void {
  let transport: Transport;
  let durable = '';

  beforeEach(async () => {
    transport = await create();
    durable = `durable-${unique()}`;
  });
  afterEach(async () => {
    await transport.stop();
  });

  describe('publish and consume', () => {
    test('an event goes by its type, kind and shard, and comes as it was sent', async () => {
      const event = logLine(unique(), { namespace: 'billing' });
      await transport.publish([message([event])]);
      const [received] = await drain(transport, { stream: 'raw', durable });
      expect(received!.subject).toBe(`events.log.line.${shardOf(event)}`);
      expect(received!.deliveries).toBe(1);
      expect(decodeEvents(received!.body).events).toEqual([event]);
    });

    test('a batch is one message, and messages come in the order they were stored', async () => {
      const batches = [0, 1, 2].map(() => [logLine(unique()), logLine(unique()), logLine(unique())]);
      await transport.publish(batches.map(message));
      const received = await drain(transport, { stream: 'raw', durable });
      expect(received.map((each) => decodeEvents(each.body).events)).toEqual(batches);
      expect(received.map((each) => each.sequence)).toEqual(
        [...received].map((each) => each.sequence).sort((a, b) => a - b),
      );
    });

    test('a message whose id was published before is not stored again', async () => {
      const one = message([logLine(unique())]);
      await transport.publish([one, one]);
      await transport.publish([one]);
      const { first, last } = await transport.position('raw');
      expect(last).toBe(first);
      expect(await drain(transport, { stream: 'raw', durable })).toHaveLength(1);
    });

    test('headers of the publisher reach the consumer', async () => {
      await transport.publish([{ ...message([logLine(unique())]), headers: { 'Throughline-Note': 'by hand' } }]);
      const [received] = await drain(transport, { stream: 'raw', durable });
      expect(received!.headers).toEqual({ 'Throughline-Note': 'by hand' });
    });

    test('a body of any bytes comes back byte for byte', async () => {
      const body = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7) & 0xff);
      await transport.publish([
        { stream: 'raw', subject: 'events.log.line.1', body, id: contentId('bytes', unique()) },
      ]);
      const [received] = await drain(transport, { stream: 'raw', durable });
      expect(Buffer.compare(received!.body, body)).toBe(0);
    });
  });

  describe('lanes and shards', () => {
    test('the priority lane is drained before the first event of a flood that was there before it', async () => {
      const flood = Array.from({ length: 300 }, () => message([logLine(unique())]));
      const kills = Array.from({ length: 3 }, () => message([oomVictim(unique())]));
      await transport.publish([...flood, ...kills]);
      const received = await drain(transport, { stream: 'raw', durable });
      expect(received.slice(0, 3).map((each) => each.subject.split('.')[0])).toEqual([
        'priority',
        'priority',
        'priority',
      ]);
      expect(received).toHaveLength(303);
    });

    test('a consumer that holds all the events it may still gets a priority message', async () => {
      const flood = Array.from({ length: 40 }, () => large(10_000));
      await transport.publish(flood);
      const consumer = transport.consume({ stream: 'raw', durable, maxBytesInFlight: 100_000 });
      const received = collect(consumer, () => {});
      await until(() => received.length >= 5);
      await transport.publish([message([oomVictim(unique())])]);
      await until(() => received.some((each) => each.subject.startsWith('priority.')));
      expect(received.length).toBeLessThan(12);
      await consumer.stop();
    });

    test('the watermark rides in both lanes, behind what was published before it in each', async () => {
      const before = [message([logLine(unique())]), message([oomVictim(unique())]), message([logLine(unique())])];
      await transport.publish([...before, message([clock(unique())]), message([logLine(unique())])]);
      const received = await drain(transport, { stream: 'raw', durable });
      const of = (lane: string) =>
        received.filter((each) => each.lane === lane).map((each) => each.subject.split('.')[0]);
      expect(of('priority')).toEqual(['priority', 'clock']);
      expect(of('events')).toEqual(['events', 'events', 'clock', 'events']);
    });

    test('a worker gets its shards and every watermark, and nothing else', async () => {
      const traced = ['00', '3f', '40', '80', 'ff'].map((prefix) =>
        logLine(unique(), { traceId: `${prefix}${'a'.repeat(30)}` }),
      );
      expect(traced.map(shardOf)).toEqual([0, 15, 16, 32, 63]);
      await transport.publish([...traced.map((event) => message([event])), message([clock(unique())])]);
      const low = await drain(transport, { stream: 'raw', durable: `${durable}-low`, shards: range(0, 32) });
      const high = await drain(transport, { stream: 'raw', durable: `${durable}-high`, shards: range(32, 64) });
      const events = (received: IncomingMessage[]) =>
        received.filter((each) => each.lane === 'events').map((each) => each.subject.split('.').at(-1));
      expect(events(low)).toEqual(['0', '15', '16', 'container-logs@node-1']);
      expect(events(high)).toEqual(['32', '63', 'container-logs@node-1']);
    });
  });

  describe('acknowledgement', () => {
    test('what is acknowledged does not come again, what is not does, after its time', async () => {
      await transport.publish([message([logLine(unique())]), message([logLine(unique())])]);
      const consumer = transport.consume({ stream: 'raw', durable, ackWaitMs: 400 });
      const received = collect(consumer, (each) => {
        if (each.sequence % 2 === 0 || each.deliveries > 1) each.ack();
      });
      await until(() => received.length === 3);
      const again = received[2]!;
      expect(again.deliveries).toBe(2);
      expect(again.sequence % 2).toBe(1);
      await until(
        async () => (await transport.acknowledged('raw', durable)) === (await transport.position('raw')).last,
      );
      await delay(600);
      expect(received).toHaveLength(3);
      await consumer.stop();
    });

    test('working() keeps a message from coming again', async () => {
      await transport.publish([message([logLine(unique())])]);
      const consumer = transport.consume({ stream: 'raw', durable, ackWaitMs: 600 });
      const received = collect(consumer, () => {});
      await until(() => received.length === 1);
      for (let turn = 0; turn < 8; turn++) {
        await delay(200);
        received[0]!.working();
      }
      expect(received).toHaveLength(1);
      received[0]!.ack();
      await delay(900);
      expect(received).toHaveLength(1);
      await consumer.stop();
    });

    test('nak brings a message back, not before its delay', async () => {
      await transport.publish([message([logLine(unique())])]);
      const consumer = transport.consume({ stream: 'raw', durable });
      let refusedAt = 0;
      let backAt = 0;
      const received = collect(consumer, (each) => {
        if (each.deliveries === 1) {
          refusedAt = performance.now();
          each.nak(500);
        } else {
          backAt = performance.now();
          each.ack();
        }
      });
      await until(() => received.length === 2);
      expect(backAt - refusedAt).toBeGreaterThanOrEqual(490);
      await consumer.stop();
    });

    test('after the last delivery the message is on the dead stream, with the reason and its own bytes', async () => {
      const poison = message([logLine(unique())]);
      const good = message([logLine(unique())]);
      await transport.publish([poison, good]);
      const consumer = transport.consume({ stream: 'raw', durable, maxDeliver: 3 });
      const received = collect(consumer, (each) => {
        if (Buffer.compare(each.body, poison.body) === 0) each.nak(10);
        else each.ack();
      });
      const [letter] = await take(transport, { stream: 'dead' }, 1);
      expect(letter!.subject).toBe('dead.raw.event-undeliverable');
      expect(Buffer.compare(letter!.body, poison.body)).toBe(0);
      expect(letter!.headers).toEqual({
        [deadLetterHeaders.code]: 'EVENT_UNDELIVERABLE',
        [deadLetterHeaders.reason]: `not acknowledged after 3 deliveries to ${durable}`,
        [deadLetterHeaders.subject]: poison.subject,
        [deadLetterHeaders.sequence]: String(received[0]!.sequence),
        [deadLetterHeaders.deliveries]: '3',
      });
      await until(
        async () => (await transport.acknowledged('raw', durable)) === (await transport.position('raw')).last,
      );
      expect(received.filter((each) => Buffer.compare(each.body, poison.body) === 0)).toHaveLength(3);
      await consumer.stop();
    });

    test('a slow consumer never has more in its hands than it asked for', async () => {
      await transport.publish(Array.from({ length: 60 }, () => large(20_000)));
      const consumer = transport.consume({ stream: 'raw', durable, maxBytesInFlight: 200_000 });
      let heldBytes = 0;
      let mostBytes = 0;
      let handled = 0;
      for await (const messages of consumer) {
        for (const each of messages) heldBytes += each.body.length;
        mostBytes = Math.max(mostBytes, heldBytes, consumer.bytesInFlight());
        await delay(5);
        for (const each of messages) {
          heldBytes -= each.body.length;
          each.ack();
        }
        handled += messages.length;
        if (handled === 60) await consumer.stop();
      }
      expect(mostBytes).toBeLessThanOrEqual(200_000);
      expect(mostBytes).toBeGreaterThan(20_000);
      expect(consumer.bytesInFlight()).toBe(0);
    });

    test('a message larger than the bytes in flight still comes, alone', async () => {
      await transport.publish([large(90_000), large(1_000), large(90_000)]);
      const received = await drain(transport, { stream: 'raw', durable, maxBytesInFlight: 40_000 });
      expect(received.map((each) => each.body.length > 80_000)).toEqual([true, false, true]);
    });

    test('two who share a durable share its messages', async () => {
      const consumers = [0, 1].map(() => transport.consume({ stream: 'raw', durable, maxBytesInFlight: 1_000_000 }));
      const received = consumers.map((consumer) => collect(consumer, (each) => each.ack()));
      await delay(300);
      const sent = Array.from({ length: 100 }, () => message([logLine(unique())]));
      for (const each of sent) await transport.publish([each]);
      await until(() => received[0]!.length + received[1]!.length === 100);
      expect(new Set(received.flat().map((each) => each.sequence)).size).toBe(100);
      for (const share of received) expect(share.length).toBeGreaterThan(0);
      await Promise.all(consumers.map((consumer) => consumer.stop()));
    });

    test('stop ends the iterator, and what was not acknowledged comes to the next consumer', async () => {
      await transport.publish(Array.from({ length: 6 }, () => message([logLine(unique())])));
      const first = transport.consume({ stream: 'raw', durable, ackWaitMs: 500 });
      const acked: number[] = [];
      for await (const messages of first) {
        for (const each of messages) {
          if (acked.length < 2) {
            acked.push(each.sequence);
            each.ack();
          }
        }
        if (acked.length === 2) await first.stop();
      }
      const second = await drain(transport, { stream: 'raw', durable, ackWaitMs: 500 });
      const sequences = new Set(second.map((each) => each.sequence));
      expect(sequences.size).toBe(4);
      for (const sequence of acked) expect(sequences.has(sequence)).toBe(false);
    });

    test('acknowledged() is the floor below which nothing is left, and 0 for nobody', async () => {
      expect(await transport.acknowledged('unified', 'nobody')).toBe(0);
      const { last: before } = await transport.position('unified');
      await transport.publish(Array.from({ length: 4 }, () => unified()));
      const consumer = transport.consume({ stream: 'unified', durable });
      const received: IncomingMessage[] = collect(consumer, (each) => {
        if (each.sequence <= before || each.sequence === before + 1 || each.sequence === before + 3) each.ack();
      });
      await until(() => received.some((each) => each.sequence === before + 4));
      await until(async () => (await transport.acknowledged('unified', durable)) === before + 1);
      for (const each of received) each.ack();
      await until(async () => (await transport.acknowledged('unified', durable)) === before + 4);
      await consumer.stop();
    });
  });

  describe('read', () => {
    test('gives the stored messages of a range, once each, without acknowledgement', async () => {
      const { last } = await transport.position('unified');
      await transport.publish(Array.from({ length: 5 }, () => unified()));
      const read = await all(transport, { stream: 'unified', from: last + 2, until: last + 4 });
      expect(read.map((each) => each.sequence)).toEqual([last + 2, last + 3, last + 4]);
      expect(await all(transport, { stream: 'unified', from: last + 2, until: last + 4 })).toHaveLength(3);
    });

    test('by subject ends at its last sequence even when the last that matches came before', async () => {
      const { last } = await transport.position('unified');
      await transport.publish([unified('one'), unified('two'), unified('one'), unified('two'), unified('two')]);
      const options = { stream: 'unified' as const, from: last + 1, until: last + 5 };
      const read = await all(transport, { ...options, subject: 'unified.one' });
      expect(read.map((each) => each.sequence)).toEqual([last + 1, last + 3]);
      expect(await all(transport, { ...options, subject: 'unified.none' })).toEqual([]);
      expect(await all(transport, { ...options, subject: 'unified.*' })).toHaveLength(5);
    });

    test('since a time leaves out what was stored before it', async () => {
      await transport.publish([unified()]);
      await delay(30);
      const sinceMs = Date.now();
      await delay(30);
      const { last } = await transport.position('unified');
      await transport.publish([unified(), unified()]);
      const read = await all(transport, { stream: 'unified', sinceMs, until: last + 2 });
      expect(read.map((each) => each.sequence)).toEqual([last + 1, last + 2]);
    });

    test('with an end that is not stored yet waits for it', async () => {
      const { last } = await transport.position('unified');
      const reading = all(transport, { stream: 'unified', from: last + 1, until: last + 2 });
      await delay(50);
      await transport.publish([unified()]);
      await delay(150);
      await transport.publish([unified(), unified()]);
      expect((await reading).map((each) => each.sequence)).toEqual([last + 1, last + 2]);
    });

    test('without an end follows the tail until it is aborted', async () => {
      const { last } = await transport.position('unified');
      const aborting = new AbortController();
      const sequences: number[] = [];
      const reading = (async () => {
        for await (const each of transport.read({ stream: 'unified', from: last + 1, signal: aborting.signal })) {
          sequences.push(each.sequence);
        }
      })();
      for (let turn = 0; turn < 3; turn++) {
        await transport.publish([unified()]);
        await until(() => sequences.length === turn + 1);
      }
      aborting.abort();
      await reading;
      expect(sequences).toEqual([last + 1, last + 2, last + 3]);
    });
  });

  describe('follow', () => {
    test('whoever follows a trace gets what is announced for it, and nothing is stored', async () => {
      const trace = contentId('trace', unique());
      const aborting = new AbortController();
      const bodies: string[] = [];
      const before = await transport.position('raw');
      const following = (async () => {
        for await (const each of transport.follow(traceSubject(trace), aborting.signal)) {
          expect(each.subject).toBe(`traces.${trace}`);
          bodies.push(new TextDecoder().decode(each.body));
          if (bodies.length === 2) aborting.abort();
        }
      })();
      await delay(100);
      transport.announce(traceSubject(contentId('another', unique())), new TextEncoder().encode('no'));
      transport.announce(traceSubject(trace), new TextEncoder().encode('one'));
      transport.announce(traceSubject(trace), new TextEncoder().encode('two'));
      await following;
      expect(bodies).toEqual(['one', 'two']);
      expect(await transport.position('raw')).toEqual(before);
    });
  });

  test('health says it is connected', () => {
    expect(transport.health()).toEqual({ connected: true, reason: null });
  });
}

let used = 0;

/** A number no other event of this run has. */
export function unique(): number {
  return ++used;
}

export function message(events: readonly RawEvent[]): OutgoingMessage {
  return {
    stream: 'raw',
    subject: rawSubject(events[0]!),
    body: encode(events),
    id: contentId(...events.map(({ id }) => id)),
  };
}

function large(bytes: number): OutgoingMessage {
  return message([logLine(unique(), { message: 'x'.repeat(bytes - 600) })]);
}

export function unified(cluster = 'test'): OutgoingMessage {
  const body = new TextEncoder().encode(JSON.stringify({ n: unique() }));
  return { stream: 'unified', subject: unifiedSubject(cluster), body, id: contentId('unified', unique()) };
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

/** Everything a consumer gives, each shown to `each` as it comes, until somebody stops it. */
export function collect(consumer: Consumer, each: (message: IncomingMessage) => void): IncomingMessage[] {
  const received: IncomingMessage[] = [];
  void (async () => {
    for await (const messages of consumer) {
      for (const one of messages) {
        received.push(one);
        each(one);
      }
    }
  })();
  return received;
}

/** Consumes and acknowledges until nothing is left to acknowledge, then stops. */
export async function drain(transport: Transport, options: ConsumeOptions): Promise<IncomingMessage[]> {
  const { last } = await transport.position(options.stream);
  const consumer = transport.consume(options);
  const received = collect(consumer, (each) => each.ack());
  await until(async () => (await transport.acknowledged(options.stream, options.durable)) >= last);
  await consumer.stop();
  return received;
}

async function all(transport: Transport, options: ReadOptions): Promise<StoredMessage[]> {
  const read: StoredMessage[] = [];
  for await (const each of transport.read(options)) read.push(each);
  return read;
}

async function take(transport: Transport, options: ReadOptions, count: number): Promise<StoredMessage[]> {
  const read: StoredMessage[] = [];
  for await (const each of transport.read(options)) {
    read.push(each);
    if (read.length === count) break;
  }
  return read;
}

/** Resolves when the condition holds; a test that waits in vain ends by jest's own timeout. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(20);
}
