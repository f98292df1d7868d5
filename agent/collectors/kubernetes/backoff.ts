export interface Backoff {
  /** Milliseconds to wait before the next try: doubles with each call, half of it random so that many watches do not return in step. */
  nextMs(): number;
  /** After a success: the next failure waits the least again. */
  reset(): void;
}

/** From `baseMs` to `maxMs`; the defaults are those of client-go's reflector (800 ms to 30 s). */
export function createBackoff({ baseMs = 800, maxMs = 30_000, random = Math.random } = {}): Backoff {
  let ceilingMs = baseMs;
  return {
    nextMs() {
      const waitMs = ceilingMs * (0.5 + random() / 2);
      ceilingMs = Math.min(maxMs, ceilingMs * 2);
      return waitMs;
    },
    reset() {
      ceilingMs = baseMs;
    },
  };
}
