import { describe, expect, test } from '@jest/globals';
import { createMetricShifts, type MetricJudgement, type MetricShifts } from '../../../ingest/detect/metric-shift.js';

/** One value a minute. */
function feed(shifts: MetricShifts, values: readonly number[], series = 'cpu'): (MetricJudgement | null)[] {
  return values.map((value, minute) => shifts.observe(series, minute * 60_000, value));
}

const wobble = (around: number, length: number): number[] =>
  Array.from({ length }, (_, i) => around + [0, 1, -1, 2, -2][i % 5]!);

describe('a value against its own history', () => {
  test('nothing is judged before there is enough history', () => {
    const judged = feed(createMetricShifts({ minHistory: 4 }), [1, 1, 1, 100, 1]);
    expect(judged.slice(0, 4)).toEqual([null, null, null, null]);
    expect(judged[4]).not.toBeNull();
  });

  test('what is usual is not shifted, up and down are, with the typical value and when it began', () => {
    const judged = feed(createMetricShifts(), [...wobble(50, 20), 90, 95, 50, 10]);
    expect(judged.slice(5, 20).map((each) => each?.shifted)).toEqual(Array(15).fill(null));
    expect(judged[21]).toMatchObject({ shifted: 'up', typical: 50, sinceMs: 20 * 60_000, run: 2, history: 20 });
    expect(judged[22]).toMatchObject({ shifted: null, run: 0 });
    expect(judged[23]).toMatchObject({ shifted: 'down', sinceMs: 23 * 60_000, run: 1 });
    expect(judged[23]!.score).toBeLessThan(-5);
  });

  test('the score is the distance in robust standard deviations', () => {
    // Nine values: median 5, deviations 4 3 2 1 0 1 2 3 4, so MAD 2.
    const judged = feed(createMetricShifts(), [1, 2, 3, 4, 5, 6, 7, 8, 9, 20]);
    expect(judged[9]!.spread).toBeCloseTo(1.4826 * 1.107 * 2);
    expect(judged[9]!.score).toBeCloseTo(15 / (1.4826 * 1.107 * 2));
  });

  test('a flat series needs more than a twitch', () => {
    const [last] = feed(createMetricShifts(), [...Array<number>(10).fill(100), 110]).slice(-1);
    expect(last).toMatchObject({ shifted: null, spread: 5 });
  });

  test('outliers do not move the baseline, a level that lasts becomes it', () => {
    const shifts = createMetricShifts({ adoptAfter: 10, adoptAfterMs: 600_000 });
    feed(shifts, [...wobble(50, 20), ...wobble(500, 10)]);
    expect(shifts.baseline('cpu')!.typical).toBe(50);
    shifts.observe('cpu', 30 * 60_000, 500);
    expect(shifts.baseline('cpu')!.typical).toBe(500);
    expect(shifts.observe('cpu', 31 * 60_000, 501)).toMatchObject({ shifted: null });
  });

  test('values beyond the history are forgotten, by number and by age', () => {
    const short = createMetricShifts({ historyLength: 10, threshold: 1000 });
    feed(short, [...wobble(50, 30), ...Array<number>(10).fill(70)]);
    expect(short.baseline('cpu')).toMatchObject({ typical: 70, history: 10 });
    const recent = createMetricShifts({ historyMs: 300_000 });
    feed(recent, wobble(50, 30));
    expect(recent.baseline('cpu')!.history).toBe(6);
  });

  test('the least used series is forgotten past the bound', () => {
    const shifts = createMetricShifts({ maxSeries: 2, minHistory: 1 });
    for (const series of ['a', 'b', 'a', 'c']) shifts.observe(series, 0, 1);
    expect([shifts.size, shifts.baseline('a'), shifts.baseline('b')]).toEqual([2, expect.anything(), null]);
  });

  test('what is no number is passed over', () => {
    const shifts = createMetricShifts({ minHistory: 1 });
    expect(shifts.observe('cpu', 0, NaN)).toBeNull();
    expect(shifts.size).toBe(0);
  });
});
