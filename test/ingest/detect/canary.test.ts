import { describe, expect, test } from '@jest/globals';
import { createCanary } from '../../../ingest/detect/canary.js';

const old = ['cart-6f6cfc45b-aaaaa', 'cart-6f6cfc45b-bbbbb'];
const fresh = 'cart-7d9bd8bfc-ccccc';
const minuteMs = 60_000;

describe('old and new pods of one callee, at the same time', () => {
  test('nothing is said while there is one template alone', () => {
    const canary = createCanary();
    expect(old.map((pod) => canary.note('web cart', pod, 0, true))).toEqual([null, null]);
  });

  test('only the new ones fail: new; only the old ones: old; both, or none: neither', () => {
    const canary = createCanary();
    for (const pod of old) canary.note('web cart', pod, 0, false);
    expect(canary.note('web cart', fresh, minuteMs, true)).toBe('new');
    expect(canary.note('web cart', old[0]!, minuteMs, true)).toBeNull();
    expect(canary.note('web cart', fresh, minuteMs + 1, false)).toBe('old');
    expect(canary.note('web cart', old[0]!, minuteMs + 1, false)).toBeNull();
  });

  test('what was measured long ago is not compared', () => {
    const canary = createCanary();
    for (const pod of old) canary.note('web cart', pod, 0, false);
    expect(canary.note('web cart', fresh, 3 * minuteMs, true)).toBeNull();
  });

  test('each edge is compared by itself', () => {
    const canary = createCanary();
    canary.note('web cart', old[0]!, 0, false);
    expect(canary.note('checkout cart', fresh, 0, true)).toBeNull();
  });
});
