import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseDuration, parseSize } from '../../src/config/quantities.js';

describe('a duration', () => {
  test.each([
    ['250ms', 250],
    ['30s', 30_000],
    ['1.5m', 90_000],
    ['1h30m', 5_400_000],
    ['2d', 172_800_000],
    ['0s', 0],
  ])('%s is %d ms', (text, ms) => expect(parseDuration(text)).toBe(ms));

  test.each(['', '30', 's', '30 parsecs', '-5s', '1e3s', '5 s', '30S'])('%j is none', (text) =>
    expect(parseDuration(text)).toBeNull(),
  );
});

describe('a size', () => {
  test.each([
    ['4096', 4096],
    ['64MiB', 64 * 2 ** 20],
    ['1.5 GB', 1_500_000_000],
    ['10kB', 10_000],
    ['1TiB', 2 ** 40],
    ['7B', 7],
  ])('%s is %d bytes', (text, bytes) => expect(parseSize(text)).toBe(bytes));

  test.each(['', 'MiB', '64 M', '-1', '1PiB', '64mib'])('%j is none', (text) => expect(parseSize(text)).toBeNull());
});

test('any text is a quantity or none', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      for (const value of [parseDuration(text), parseSize(text)]) expect(value === null || value >= 0).toBe(true);
    }),
  );
});
