import { describe, expect, test } from '@jest/globals';
import {
  createOperationProfile,
  type OperationProfile,
  type OperationRun,
  type OperationShift,
} from '../../../ingest/detect/operation-profile.js';
import { chanceOfAtLeast, mostSurprisingEnd } from '../../../ingest/detect/unusual-share.js';

const trace = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

interface Made {
  readonly selfMs?: number;
  readonly failed?: boolean;
  /** `log name`, `call name`, `error name`. */
  readonly steps?: readonly string[];
}

function run(endMs: number, { selfMs = 10, failed = false, steps = [] }: Made): OperationRun {
  return {
    endMs,
    selfMs: selfMs + (endMs % 3),
    failed,
    trace,
    steps: steps.map((text) => {
      const [of = '', name = ''] = text.split(' ');
      return { name, of: of === 'call' ? 'call' : 'log', error: of === 'error' };
    }),
  };
}

/** One run a second on one replica, looked at every ten; what was different at each look. */
function play(
  profile: OperationProfile,
  fromSecond: number,
  runs: readonly Made[],
  where = 'cart-1',
): OperationShift[][] {
  const looks: OperationShift[][] = [];
  runs.forEach((made, i) => {
    profile.observe(where, run((fromSecond + i) * 1000, made));
    if ((fromSecond + i) % 10 === 9) looks.push(profile.judge((fromSecond + i) * 1000 + 500));
  });
  return looks;
}

const times = <Item>(number: number, item: Item): Item[] => Array.from({ length: number }, () => item);
const usual: Made = { steps: ['log Cart#10', 'call stock', 'log Cart#20'] };
const said = (looks: readonly OperationShift[][]): string[] => [...new Set(looks.flat().map(({ what }) => what))];

describe('what an operation usually does, and what of it is different', () => {
  test('the same as ever is not different, and a single odd run is no shift', () => {
    const odd: Made = { selfMs: 900, failed: true, steps: ['log Cart#10'] };
    expect(said(play(createOperationProfile(), 0, [...times(100, usual), odd, ...times(50, usual)]))).toEqual([]);
  });

  test('several times as long as ever, by itself', () => {
    const looks = play(createOperationProfile(), 0, [...times(100, usual), ...times(20, { ...usual, selfMs: 200 })]);
    expect(said(looks)).toEqual(['slow']);
    expect(looks.flat().at(-1)).toMatchObject({ where: 'cart-1', sinceMs: 100_000, trace, typicalMs: 11 });
  });

  test('failing where it hardly failed, with what the failing runs say; an operation that always fails is no news', () => {
    const failing: Made = { failed: true, steps: [...usual.steps!, 'error Cart#99'] };
    const looks = play(createOperationProfile(), 0, [...times(100, usual), ...times(20, failing)]);
    expect(looks.flat().at(-1)).toMatchObject({ what: 'failing', said: 'Cart#99', typicalRatio: 0 });
    expect(said(play(createOperationProfile(), 0, times(150, failing)))).toEqual([]);
  });

  test('a step that is missing, with the line before it and the call between them', () => {
    const cut: Made = { steps: ['log Cart#10', 'call stock'] };
    const looks = play(createOperationProfile(), 0, [...times(100, usual), ...times(20, cut)]);
    expect(looks.flat().at(-1)).toMatchObject({
      what: 'cut-short',
      missing: { name: 'Cart#20' },
      after: 'Cart#10',
      called: 'stock',
      instead: null,
      typicalShare: 1,
    });
  });

  test('another way of the operation is no fault, unless it is the way of an error', () => {
    const other: Made = { steps: ['log Cart#10', 'log Cart#30'] };
    const error: Made = { steps: ['log Cart#10', 'error Cart#40'] };
    const known = times(20, [usual, usual, usual, usual, usual, usual, usual, usual, usual, other]).flat();
    expect(said(play(createOperationProfile(), 0, [...known, ...times(20, other)]))).toEqual([]);
    const looks = play(createOperationProfile(), 0, [...times(100, usual), ...times(20, error)]);
    expect(looks.flat().at(-1)).toMatchObject({ what: 'cut-short', instead: 'Cart#40' });
  });

  test('one replica of several stands out', () => {
    const profile = createOperationProfile();
    play(profile, 0, times(100, usual), 'cart-1');
    const looks = play(profile, 100, times(20, { ...usual, selfMs: 200 }), 'cart-2');
    expect(new Set(looks.flat().map(({ where }) => where))).toEqual(new Set(['cart-2']));
  });

  test('what showed a shift is not learned when it is over', () => {
    const profile = createOperationProfile();
    const cut: Made = { steps: ['log Cart#10', 'call stock'] };
    play(profile, 0, [...times(60, usual), ...times(40, cut), ...times(80, usual)]);
    expect(said(play(profile, 180, times(10, cut)))).toEqual(['cut-short']);
  });

  test('too little history judges nothing', () => {
    expect(said(play(createOperationProfile(), 0, [...times(3, usual), ...times(27, { failed: true })]))).toEqual([]);
  });
});

describe('how surprising a share is', () => {
  test('more after a long history than after a short one', () => {
    const short = chanceOfAtLeast(3, 3, 0, 5);
    const long = chanceOfAtLeast(3, 3, 0, 500);
    expect(long).toBeLessThan(short / 1000);
  });

  test('the chances of all outcomes add up to one', () => {
    expect(chanceOfAtLeast(0, 12, 4, 40)).toBeCloseTo(1);
  });

  test('the end that counts begins with an unusual one', () => {
    const list = [true, false, false, false, true, true, true, true];
    expect(mostSurprisingEnd(list, { unusual: 0, of: 100 }, { least: 3, share: 0.6 })).toMatchObject({
      from: 4,
      unusual: 4,
    });
    expect(mostSurprisingEnd([false, true, false], { unusual: 0, of: 100 }, { least: 3, share: 0.6 })).toBeNull();
  });
});
