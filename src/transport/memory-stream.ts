import { duplicateWindowMs } from './streams.js';
import type { OutgoingMessage, StoredMessage } from './transport.js';
import { createWakeup, type Wakeup } from './wakeup.js';

/** One stream of the memory transport: a ring of messages, bodies by reference, bounded in bytes. */
export interface MemoryStream {
  /** `full`: everything stored is still wanted by a durable; wait for {@link MemoryStream.space}. `force` stores beyond the bound. */
  append(message: OutgoingMessage, force?: boolean): 'stored' | 'duplicate' | 'full';
  at(sequence: number): StoredMessage | undefined;
  /** Oldest sequence still stored; last + 1 when nothing is. */
  first(): number;
  last(): number;
  /** The oldest stored at or after the time, last + 1 when there is none. */
  since(epochMs: number): number;
  /** Wakes when something was appended, or a durable has something to give again. */
  readonly news: Wakeup;
  /** Wakes when something may be dropped. */
  readonly space: Wakeup;
}

/** Message ids of one generation at most, whatever the window. */
const maxIds = 65_536;

/** `floor` is the highest sequence that every durable has acknowledged, Infinity when there is no durable. */
export function createMemoryStream(options: { readonly maxBytes: number; readonly floor: () => number }): MemoryStream {
  const { maxBytes, floor } = options;
  let recentIds = new Set<string>();
  let olderIds = new Set<string>();
  let generationMs = Date.now();
  const news = createWakeup();
  const space = createWakeup();
  let entries: (StoredMessage | undefined)[] = [];
  let head = 0;
  let first = 1;
  let bytes = 0;

  /** In two generations: an id is remembered for at least the window, and forgetting costs nothing. */
  function isDuplicate(id: string, nowMs: number): boolean {
    if (nowMs - generationMs > duplicateWindowMs || recentIds.size >= maxIds) {
      olderIds = recentIds;
      recentIds = new Set();
      generationMs = nowMs;
    }
    return recentIds.has(id) || olderIds.has(id);
  }

  /** Frees room for `wanted` bytes, oldest first, as far as nobody waits for them. */
  function makeRoom(wanted: number): boolean {
    if (bytes + wanted <= maxBytes) return true;
    const limit = floor();
    while (bytes + wanted > maxBytes && head < entries.length && first <= limit) {
      bytes -= entries[head]!.body.length;
      entries[head++] = undefined;
      first++;
    }
    if (head > 1_024 && head * 2 > entries.length) {
      entries = entries.slice(head);
      head = 0;
    }
    return bytes + wanted <= maxBytes || head === entries.length;
  }

  return {
    append(message, force = false) {
      const nowMs = Date.now();
      if (isDuplicate(message.id, nowMs)) return 'duplicate';
      if (!makeRoom(message.body.length) && !force) return 'full';
      recentIds.add(message.id);
      bytes += message.body.length;
      entries.push({
        subject: message.subject,
        body: message.body,
        sequence: first + entries.length - head,
        headers: message.headers ?? {},
        storedMs: nowMs,
      });
      news.wake();
      return 'stored';
    },
    at: (sequence) => (sequence < first ? undefined : entries[head + sequence - first]),
    first: () => first,
    last: () => first + entries.length - head - 1,
    since(epochMs) {
      const index = entries.findIndex((entry) => entry !== undefined && entry.storedMs >= epochMs);
      return index === -1 ? first + entries.length - head : first + index - head;
    },
    news,
    space,
  };
}
