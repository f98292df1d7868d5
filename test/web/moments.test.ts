import { describe, expect, test } from '@jest/globals';
import { clockTime, duration, fullTime, lag } from '../../src/web/moments.js';

const time = '2026-11-24T19:27:35.123456789Z';

describe('times as people read them', () => {
  test('name the day only when it is another one', () => {
    expect(clockTime(time, Date.parse('2026-11-24T23:59:00Z'))).toBe('19:27:35');
    expect(clockTime(time, Date.parse('2026-11-25T00:01:00Z'))).toBe('24 Nov 19:27:35');
    expect(fullTime(time)).toBe('24 Nov 2026 19:27:35 UTC');
  });

  test.each([
    [-5, '0 s'],
    [59_400, '59 s'],
    [60_000, '1 min'],
    [107_000, '1 min 47 s'],
    [3_600_000, '1 h'],
    [11_520_000, '3 h 12 min'],
    [439_200_000, '5 d 2 h'],
  ])('durations have two units at most: %d ms', (ms, words) => {
    expect(duration(ms)).toBe(words);
  });

  test.each([
    [0, 'at the same moment'],
    [630.1, '630 ms later'],
    [1_900, '1.9 s later'],
    [-23_600, 'seen 23.6 s before its cause'],
    [61_000, '1 min 1 s later'],
  ])('a lag says when clocks have turned it round: %d ms', (ms, words) => {
    expect(lag(ms)).toBe(words);
  });
});
