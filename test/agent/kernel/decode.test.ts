import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeProcessExit, layout, recordsOf } from '../../../agent/collectors/kernel/decode.js';
import { createWallClock } from '../../../agent/collectors/kernel/wall-clock.js';
import { fromEpochNanos } from '../../../src/model/time.js';

// Written in little-endian, which every machine that the tests run on is; layout.test.ts has the bytes of this one's compiler.
function exitRecord(status: number, init = 0): DataView {
  const view = new DataView(new ArrayBuffer(layout.process_exit.sizeof));
  view.setUint16(layout.event_header.size, layout.process_exit.sizeof, true);
  view.setUint8(layout.event_header.kind, layout.constants.EVENT_PROCESS_EXIT);
  view.setUint32(layout.process_exit.wait_status, status, true);
  view.setUint8(layout.process_exit.container_init, init);
  return view;
}

describe('records of the kernel', () => {
  test('a wait status is a code, or a signal with or without a core', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 255 }), (exitCode) => {
        expect(decodeProcessExit(exitRecord(exitCode << 8)).data).toMatchObject({
          exitCode,
          signal: 0,
          coreDumped: false,
        });
      }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.boolean(), (signal, coreDumped) => {
        const { data } = decodeProcessExit(exitRecord(signal | (coreDumped ? 0x80 : 0)));
        expect(data).toMatchObject({ exitCode: 0, signal, coreDumped });
      }),
    );
  });

  test('whether it was the first process of its container is yes, no or not known', () => {
    expect([0, 1, 2].map((init) => decodeProcessExit(exitRecord(0, init)).data.containerInit)).toEqual([
      false,
      true,
      null,
    ]);
  });

  test('a process outside of every known cgroup has none', () => {
    expect(decodeProcessExit(exitRecord(0)).data.cgroup).toBeNull();
  });

  test('a batch that is cut off, or is not of records at all, is refused and not misread', () => {
    const whole = exitRecord(0).buffer as ArrayBuffer;
    expect([...recordsOf(whole)]).toHaveLength(1);
    expect([...recordsOf(new ArrayBuffer(0))]).toEqual([]);
    for (const length of [1, 15, 16, whole.byteLength - 1]) {
      expect(() => [...recordsOf(whole.slice(0, length))]).toThrow(RangeError);
    }
    expect(() => [...recordsOf(new ArrayBuffer(64))]).toThrow(RangeError);
  });
});

describe('the wall clock of kernel events', () => {
  test('boot time becomes epoch time to the nanosecond, beyond what a double can hold', () => {
    const clock = createWallClock(() => 1_790_000_000_000_000_001n);
    expect(fromEpochNanos(clock.epochNs(123_456_788n))).toBe('2026-09-21T14:13:20.123456789Z');
  });

  test('noise of a measurement does not move it, so that events keep their order; a step does', () => {
    let offsetNs = 1_000_000_000n;
    const clock = createWallClock(() => offsetNs);
    offsetNs += 99_999n;
    clock.check();
    expect(clock.epochNs(5n)).toBe(1_000_000_005n);
    offsetNs = 7_000_000_000n;
    clock.check();
    expect(clock.epochNs(5n)).toBe(7_000_000_005n);
    offsetNs = 3_000_000_000n;
    clock.check();
    expect(clock.epochNs(5n)).toBe(3_000_000_005n);
  });
});
