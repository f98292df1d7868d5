import { describe, expect, test } from '@jest/globals';
import { proportion } from '../../ingest/correlate/proportion.js';
import type { Problem } from '../../ingest/problems.js';

const slow = (increases: Readonly<Record<string, number>>, category: Problem['category'] = 'app.slow'): Problem => ({
  serial: 0,
  key: '',
  category,
  unit: 0,
  target: -1,
  wrongPort: false,
  firstMs: 0,
  lastMs: 0,
  occurredMs: 0,
  open: new Map(),
  events: new Map(),
  entities: new Set(),
  count: 1,
  attributes: new Map(),
  increases: new Map(Object.entries(increases)),
  intervalMs: 0,
  version: 0,
});

describe('how far one slowness accounts for another', () => {
  test('as large a part of it as half is enough', () => {
    expect(proportion(slow({ latency: 600 }), slow({ latency: 1000 }))).toBe(1);
  });

  test('a small part is not', () => {
    expect(proportion(slow({ latency: 100 }), slow({ latency: 1000 }))).toBeCloseTo(0.04);
    expect(proportion(slow({ latency: 1 }), slow({ latency: 1000 }))).toBe(0.02);
  });

  test('nothing is said where the two were not measured alike, or are no latencies', () => {
    expect(proportion(slow({ duration: 1 }), slow({ latency: 1000 }))).toBe(1);
    expect(proportion(slow({ latency: 1 }, 'app.cpu-saturated'), slow({ latency: 1000 }))).toBe(1);
  });
});
