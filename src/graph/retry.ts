import { setTimeout as delay } from 'node:timers/promises';

const firstDelayMs = 20;
const longestDelayMs = 2_000;

export interface RetryOptions {
  /** True when the same again may succeed. */
  transient(error: unknown): boolean;
  /** Called before each wait. */
  onRetry(error: unknown, attempt: number): void;
  /** Once this much time has passed since the first attempt, the error is thrown instead of retried. */
  readonly deadlineMs: number;
  /** Ends the waiting; the last error is thrown. */
  readonly signal: AbortSignal;
}

/** Doubles the wait from 20 ms to 2 s and spreads each by half around it, so that writers that collided do not meet again. */
export async function withRetry<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const startedAt = performance.now();
  for (let attempts = 1; ; attempts++) {
    try {
      return await attempt();
    } catch (error) {
      const waitMs = Math.min(longestDelayMs, firstDelayMs * 2 ** (attempts - 1)) * (0.5 + Math.random());
      const late = performance.now() - startedAt + waitMs > options.deadlineMs;
      if (late || options.signal.aborted || !options.transient(error)) throw error;
      options.onRetry(error, attempts);
      await delay(waitMs, undefined, { signal: options.signal }).catch(() => undefined);
    }
  }
}
