export interface WallClock {
  /** Epoch nanoseconds of a CLOCK_BOOTTIME reading. */
  epochNs(boottimeNs: bigint): bigint;
  /** Measures again. To be called with every batch: the wall clock may have been set, or slewed by NTP. */
  check(): void;
}

/**
 * Kernel events carry CLOCK_BOOTTIME. Its distance to the wall clock is measured again and again, but followed only when it has moved
 * by more than a measurement can be off: else the noise between two batches would reorder events microseconds apart.
 */
export function createWallClock(measureOffsetNs: () => bigint): WallClock {
  let offsetNs = measureOffsetNs();
  return {
    epochNs: (boottimeNs) => boottimeNs + offsetNs,
    check() {
      const measured = measureOffsetNs();
      const moved = measured > offsetNs ? measured - offsetNs : offsetNs - measured;
      if (moved > toleranceNs) offsetNs = measured;
    },
  };
}

/** A preemption between two clock readings is tens of microseconds; NTP slews at most 0.5 ms a second. */
const toleranceNs = 100_000n;
