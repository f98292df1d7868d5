import { describe, expect, test } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { contentId } from '../../src/model/ids.js';
import { createBatcher, type BatcherOptions } from '../../src/transport/batcher.js';
import { decode } from '../../src/transport/codec.js';
import { limits } from '../../src/transport/limits.js';
import type { OutgoingMessage } from '../../src/transport/transport.js';
import { until } from './contract.js';

function batcherWith(options: Partial<BatcherOptions> = {}) {
  const sent: OutgoingMessage[] = [];
  const errors: unknown[] = [];
  const batcher = createBatcher({
    stream: 'raw',
    publish: async (messages) => void sent.push(...messages),
    onError: (error) => errors.push(error),
    lingerMs: 60_000,
    ...options,
  });
  return { batcher, sent, errors, bodies: () => sent.map(({ body }) => decode<{ n: number }>(body).map(({ n }) => n)) };
}

describe('the batcher', () => {
  test('puts values of one subject together, keeps their order, and names the batch by their ids', async () => {
    const { batcher, sent, bodies } = batcherWith();
    for (const n of [1, 2, 3, 4, 5]) batcher.add(n % 2 === 1 ? 'events.odd' : 'events.even', `id-${n}`, { n });
    await batcher.flush();
    expect(bodies()).toEqual([
      [1, 3, 5],
      [2, 4],
    ]);
    expect(sent.map(({ subject }) => subject)).toEqual(['events.odd', 'events.even']);
    expect(sent.map(({ id }) => id)).toEqual([contentId('id-1', 'id-3', 'id-5'), contentId('id-2', 'id-4')]);
    expect(batcher.pendingBytes()).toBe(0);
  });

  test('sends a batch that is full, by count or by bytes, without being asked', async () => {
    const byCount = batcherWith({ maxCount: 3 });
    for (let n = 0; n < 7; n++) byCount.batcher.add('events.a', `${n}`, { n });
    await until(() => byCount.sent.length === 2);
    expect(byCount.bodies()).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    await byCount.batcher.flush();

    const byBytes = batcherWith({ maxBytes: 100 });
    for (let n = 0; n < 6; n++) byBytes.batcher.add('events.a', `${n}`, { n, text: 'x'.repeat(20) });
    await byBytes.batcher.flush();
    expect(byBytes.bodies().flat()).toEqual([0, 1, 2, 3, 4, 5]);
    for (const { body } of byBytes.sent) expect(body.length).toBeLessThanOrEqual(100);
  });

  test('sends what has lingered', async () => {
    const { batcher, bodies } = batcherWith({ lingerMs: 10 });
    batcher.add('events.a', 'one', { n: 1 });
    batcher.add('events.b', 'two', { n: 2 });
    await until(() => bodies().length === 2);
    expect(bodies()).toEqual([[1], [2]]);
  });

  test('loses nothing when publish fails, and keeps the order', async () => {
    let away = true;
    const sent: OutgoingMessage[] = [];
    const { batcher, errors } = batcherWith({
      maxCount: 1,
      publish: async (messages) => {
        await delay(1);
        if (away) throw new Error('away');
        sent.push(...messages);
      },
    });
    batcher.add('events.a', '1', { n: 1 });
    batcher.add('events.a', '2', { n: 2 });
    await until(() => errors.length > 0);
    await expect(batcher.flush()).rejects.toThrow('away');
    expect(batcher.pendingBytes()).toBeGreaterThan(0);
    away = false;
    batcher.add('events.a', '3', { n: 3 });
    await batcher.flush();
    expect(sent.map(({ id }) => id)).toEqual(['1', '2', '3'].map((id) => contentId(id)));
    expect(batcher.pendingBytes()).toBe(0);
  });

  test('never sends two calls at once, and flush waits for all that was added before it', async () => {
    let running = 0;
    let most = 0;
    const { batcher, sent } = batcherWith({
      maxCount: 2,
      publish: async (messages) => {
        most = Math.max(most, ++running);
        await delay(2);
        running--;
        sent.push(...messages);
      },
    });
    for (let n = 0; n < 21; n++) batcher.add('events.a', `${n}`, { n });
    await batcher.flush();
    expect(most).toBe(1);
    expect(sent.flatMap(({ body }) => decode<{ n: number }>(body).map(({ n }) => n))).toHaveLength(21);
  });

  test('refuses a value that no message can hold, and goes on', async () => {
    const { batcher, bodies } = batcherWith();
    expect(() => batcher.add('events.a', 'big', { text: 'x'.repeat(limits.maxBodyBytes) })).toThrow(
      expect.objectContaining({ code: 'EVENT_TOO_LARGE' }),
    );
    batcher.add('events.a', 'small', { n: 1 });
    await batcher.flush();
    expect(bodies()).toEqual([[1]]);
  });
});
