/** A place to wait until there may be something to do. Waking is a hint: whoever wakes looks again. */
export interface Wakeup {
  /** Resolves at the next wake, or at once when the signal is or becomes aborted. */
  wait(signal?: AbortSignal): Promise<void>;
  wake(): void;
}

export function createWakeup(): Wakeup {
  const waiting = new Set<() => void>();
  return {
    wait(signal) {
      if (signal?.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const done = () => {
          waiting.delete(done);
          signal?.removeEventListener('abort', done);
          resolve();
        };
        waiting.add(done);
        signal?.addEventListener('abort', done, { once: true });
      });
    },
    wake() {
      for (const done of [...waiting]) done();
    },
  };
}
