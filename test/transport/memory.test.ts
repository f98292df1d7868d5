import { describe, expect, test } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { createMemoryTransport, type MemoryTransportOptions } from '../../src/transport/memory.js';
import { createTransportMetrics } from '../../src/transport/metrics.js';
import type { Transport } from '../../src/transport/transport.js';
import { collect, transportContract, unified, until } from './contract.js';

async function memory(options: MemoryTransportOptions = {}): Promise<Transport> {
  const transport = createMemoryTransport(options, { metrics: createTransportMetrics(new Registry()) });
  await transport.start();
  return transport;
}

describe('the memory transport', () => {
  transportContract(memory);

  test('a stream nobody consumes keeps the newest messages within its bytes', async () => {
    const transport = await memory({ maxBytes: { unified: 1_000 } });
    for (let turn = 0; turn < 500; turn++) await transport.publish([unified()]);
    const { first, last } = await transport.position('unified');
    expect(last).toBe(500);
    expect(last - first).toBeLessThan(200);
    const sequences: number[] = [];
    for await (const { sequence } of transport.read({ stream: 'unified', until: last })) sequences.push(sequence);
    expect(sequences).toEqual(Array.from({ length: last - first + 1 }, (_, index) => first + index));
    await transport.stop();
  });

  test('publish waits while a stream is full of what is not acknowledged, and goes on when it is', async () => {
    const transport = await memory({ maxBytes: { unified: 200 } });
    const consumer = transport.consume({ stream: 'unified', durable: 'slow' });
    const received = collect(consumer, () => {});
    let published = 0;
    const publishing = (async () => {
      for (let turn = 0; turn < 100; turn++) {
        await transport.publish([unified()]);
        published++;
      }
    })();
    await delay(50);
    const held = published;
    expect(held).toBeGreaterThan(0);
    expect(held).toBeLessThan(30);
    await delay(50);
    expect(published).toBe(held);
    for (let acked = 0; acked < 100; acked++) {
      await until(() => received.length > acked);
      received[acked]!.ack();
    }
    await publishing;
    expect(new Set(received.map(({ sequence }) => sequence)).size).toBe(100);
    await transport.stop();
  });

  test('a publisher that waits for space is told when the transport stops', async () => {
    const transport = await memory({ maxBytes: { unified: 100 } });
    transport.consume({ stream: 'unified', durable: 'slow' });
    const publishing = transport.publish(Array.from({ length: 20 }, () => unified()));
    const outcome = expect(publishing).rejects.toMatchObject({ code: 'TRANSPORT_UNAVAILABLE', kind: 'transient' });
    await delay(20);
    await transport.stop();
    await outcome;
  });

  test('bodies are kept by reference', async () => {
    const transport = await memory();
    const sent = unified();
    await transport.publish([sent]);
    for await (const { body } of transport.read({ stream: 'unified', until: 1 })) expect(body).toBe(sent.body);
    await transport.stop();
  });
});
