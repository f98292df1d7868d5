import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createReorderBuffer, createWatermark } from '../../ingest/window.js';

describe('the watermark', () => {
  test('is the least clock of all sources, and never goes back', () => {
    const watermark = createWatermark();
    expect(watermark.currentMs()).toBe(-Infinity);
    watermark.observe('a', 10, 0);
    expect(watermark.currentMs()).toBe(10);
    watermark.observe('b', 5, 0);
    expect(watermark.currentMs()).toBe(10);
    watermark.observe('b', 20, 1);
    expect(watermark.currentMs()).toBe(10);
    watermark.observe('a', 15, 1);
    expect(watermark.currentMs()).toBe(15);
  });

  test('a source that has fallen silent no longer holds up the rest, but a pause of all expires nobody', () => {
    const watermark = createWatermark();
    watermark.observe('dead', 10, 0);
    watermark.observe('alive', 10, 0);
    for (let second = 1; second <= 5; second++) watermark.observe('alive', 10 + second, second * 1_000);
    expect(watermark.expire(5_000)).toEqual([]);
    expect(watermark.currentMs()).toBe(10);
    watermark.observe('alive', 900, 6_000);
    expect(watermark.expire(5_000)).toEqual(['dead']);
    expect(watermark.currentMs()).toBe(900);
    expect(watermark.expire(5_000)).toEqual([]);
  });

  test('whoever speaks first after a pause of all expires nobody', () => {
    const watermark = createWatermark();
    watermark.observe('a', 10, 0);
    watermark.observe('b', 10, 500);
    watermark.observe('a', 20, 60_000);
    expect(watermark.expire(5_000)).toEqual([]);
    watermark.observe('b', 15, 60_100);
    expect(watermark.currentMs()).toBe(15);
  });
});

describe('the reorder buffer', () => {
  test('hands on the same order for every order of arrival', () => {
    const items = Array.from({ length: 30 }, (_, i) => ({ at: Math.floor(i / 3), key: `k${i}` }));
    fc.assert(
      fc.property(fc.shuffledSubarray(items, { minLength: items.length }), (arrived) => {
        const buffer = createReorderBuffer<string>({ maxBytes: 1e6 });
        for (const { at, key } of arrived) buffer.add(key, at, key, 1);
        const early = buffer.advance(4);
        const rest = buffer.advance(100);
        const sorted = [...items].sort((a, b) => a.at - b.at || (a.key < b.key ? -1 : 1)).map(({ key }) => key);
        expect([...early, ...rest]).toEqual(sorted);
        expect(buffer.size()).toBe(0);
        expect(buffer.bytes()).toBe(0);
        expect(buffer.late()).toBe(0);
      }),
    );
  });

  test('what comes after the watermark has passed it is counted, and handed on next', () => {
    const buffer = createReorderBuffer<string>({ maxBytes: 100 });
    buffer.add('on time', 5, 'a', 1);
    expect(buffer.advance(10)).toEqual(['on time']);
    buffer.add('late', 7, 'b', 1);
    expect(buffer.late()).toBe(1);
    expect(buffer.advance(10)).toEqual(['late']);
  });

  test('beyond its bytes it hands on the earliest half, and counts it', () => {
    const buffer = createReorderBuffer<number>({ maxBytes: 10 });
    for (let i = 0; i < 20; i++) buffer.add(i, 100 - i, String(i), 1);
    expect(buffer.advance(0)).toEqual([19, 18, 17, 16, 15, 14, 13, 12, 11, 10]);
    expect(buffer.forced()).toBe(10);
    expect(buffer.bytes()).toBe(10);
  });
});
