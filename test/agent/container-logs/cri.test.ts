import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createLineJoiner, parseCriLine, type CriLine } from '../../../agent/collectors/container-logs/cri.js';

describe('a line of a CRI log', () => {
  test.each([
    ['2026-11-24T17:30:41.123456789Z stdout F hello', '2026-11-24T17:30:41.123456789Z', 'stdout', false, 'hello'],
    // containerd leaves out trailing zeros, and writes local time
    ['2026-11-24T17:30:41.12Z stderr F x', '2026-11-24T17:30:41.120000000Z', 'stderr', false, 'x'],
    ['2026-11-24T18:30:41.123456789+01:00 stdout F x', '2026-11-24T17:30:41.123456789Z', 'stdout', false, 'x'],
    ['2026-11-24T12:00:41.5-05:30 stdout P x ', '2026-11-24T17:30:41.500000000Z', 'stdout', true, 'x '],
    ['2026-11-24T17:30:41Z stdout F ', '2026-11-24T17:30:41.000000000Z', 'stdout', false, ''],
    ['2026-11-24T17:30:41Z stdout F', '2026-11-24T17:30:41.000000000Z', 'stdout', false, ''],
    // tags after the first are for later versions of the format
    ['2026-11-24T17:30:41Z stdout P:TAG1:TAG2 a b', '2026-11-24T17:30:41.000000000Z', 'stdout', true, 'a b'],
    [
      '2026-11-24T17:30:41Z stdout F  two blanks stay',
      '2026-11-24T17:30:41.000000000Z',
      'stdout',
      false,
      ' two blanks stay',
    ],
  ])('%s', (line, timestamp, stream, partial, text) => {
    expect(parseCriLine(line)).toEqual({ timestamp, stream, partial, text });
  });

  test.each([
    '',
    'plain text',
    '2026-11-24T17:30:41Z stdin F x',
    '2026-13-45T99:99:99.000000000Z stdout F x',
    '{"log":"x","stream":"stdout"}',
  ])('that is none is not taken for one: %s', (line) => expect(parseCriLine(line)).toBeNull());

  test('of any text whatever never throws', () => {
    fc.assert(fc.property(fc.string(), (line) => void parseCriLine(line)));
  });
});

describe('joining pieces', () => {
  const piece = (stream: 'stdout' | 'stderr', partial: boolean, text: string, second = 0): CriLine => ({
    timestamp: `2026-11-24T17:30:0${second}.000000000Z`,
    stream,
    partial,
    text,
  });

  test('gives the line the time of its last piece, when it was complete', () => {
    const joiner = createLineJoiner({ maxChars: 100 });
    expect(joiner.push(piece('stdout', true, 'one ', 1))).toBeNull();
    expect(joiner.push(piece('stdout', true, 'two ', 2))).toBeNull();
    expect(joiner.pendingSince()).toBe('2026-11-24T17:30:02.000000000Z');
    expect(joiner.push(piece('stdout', false, 'three', 3))).toEqual({
      timestamp: '2026-11-24T17:30:03.000000000Z',
      stream: 'stdout',
      text: 'one two three',
    });
    expect(joiner.pendingSince()).toBeNull();
  });

  test('keeps the streams apart, which a runtime interleaves', () => {
    const joiner = createLineJoiner({ maxChars: 100 });
    joiner.push(piece('stdout', true, 'out-'));
    joiner.push(piece('stderr', true, 'err-'));
    expect(joiner.push(piece('stderr', false, 'end'))?.text).toBe('err-end');
    expect(joiner.push(piece('stdout', false, 'end'))?.text).toBe('out-end');
  });

  test('cuts at its bound however many pieces come', () => {
    const joiner = createLineJoiner({ maxChars: 10 });
    for (let round = 0; round < 1_000; round++) joiner.push(piece('stdout', true, 'abcdefg'));
    expect(joiner.push(piece('stdout', false, 'end'))?.text).toBe('abcdefgabc');
  });

  test('of any cutting gives back the line', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), (texts) => {
        const joiner = createLineJoiner({ maxChars: 1e6 });
        const joined = texts.map((text, at) => joiner.push(piece('stdout', at < texts.length - 1, text)));
        expect(joined.at(-1)?.text).toBe(texts.join(''));
        expect(joined.slice(0, -1).every((line) => line === null)).toBe(true);
      }),
    );
  });
});
