import { createWakeup } from './wakeup.js';

export interface Announcement {
  readonly subject: string;
  readonly body: Uint8Array;
}

/** Between a subject and one follower: at-most-once, so a follower that falls behind loses the oldest, never the memory. */
export interface AnnouncementQueue {
  push(announcement: Announcement): void;
  /** Ends when the signal is aborted or the queue is closed. */
  drain(signal: AbortSignal): AsyncGenerator<Announcement>;
  close(): void;
}

const maxQueued = 4_096;

/** `onEnd` is called once, when the follower is gone. */
export function createAnnouncementQueue(onEnd: () => void): AnnouncementQueue {
  const wakeup = createWakeup();
  let queued: Announcement[] = [];
  let closed = false;
  return {
    push(announcement) {
      if (queued.length >= maxQueued) queued.shift();
      queued.push(announcement);
      wakeup.wake();
    },
    async *drain(signal) {
      try {
        while (!closed && !signal.aborted) {
          if (queued.length === 0) await wakeup.wait(signal);
          const batch = queued;
          queued = [];
          for (const announcement of batch) {
            if (signal.aborted) return;
            yield announcement;
          }
        }
      } finally {
        onEnd();
      }
    },
    close() {
      closed = true;
      wakeup.wake();
    },
  };
}
