import { ThroughlineError } from '../errors.js';
import { contentId } from '../model/ids.js';
import { encodeTexts } from './codec.js';
import { limits } from './limits.js';
import type { OutgoingMessage, StreamName } from './transport.js';

export interface BatcherOptions {
  readonly stream: StreamName;
  /** Sends; in order, one call at a time. When it rejects, the messages are kept and come first in the next call. */
  readonly publish: (messages: readonly OutgoingMessage[]) => Promise<void>;
  /** Called when a send that nobody awaits (after `lingerMs`, or a full batch) fails; what was to be sent is kept. */
  readonly onError: (error: unknown) => void;
  /** Values in one message. Default 500. */
  readonly maxCount?: number;
  /** Bytes of one message. Default 524_288, half of what a message may be. */
  readonly maxBytes?: number;
  /** How long the first value of a batch waits for company. Default 50. */
  readonly lingerMs?: number;
}

/** Puts values of one subject together into messages, bounded by count, bytes and time. */
export interface Batcher {
  /**
   * Takes a value. Never waits; whoever can be faster than the bus watches {@link Batcher.pendingBytes}. Throws EVENT_TOO_LARGE for a
   * value that no message can hold.
   */
  add(subject: string, id: string, value: object): void;
  /** Sends all there is; resolves when it is durable. Rejects as `publish` does, and then nothing is lost: flush again. */
  flush(): Promise<void>;
  /** Bytes taken and not yet durable. */
  pendingBytes(): number;
}

interface Batch {
  readonly texts: string[];
  readonly ids: string[];
  /** Length of the body as an array. */
  bytes: number;
}

export function createBatcher(options: BatcherOptions): Batcher {
  const { stream, publish, onError, maxCount = 500, lingerMs = 50 } = options;
  const maxBytes = Math.min(options.maxBytes ?? 524_288, limits.maxBodyBytes);
  const open = new Map<string, Batch>();
  const ready: OutgoingMessage[] = [];
  let pendingBytes = 0;
  let timer: NodeJS.Timeout | null = null;
  let sending: Promise<void> | null = null;

  function close(subject: string, batch: Batch): void {
    open.delete(subject);
    const body = encodeTexts(batch.texts);
    pendingBytes += body.length - (batch.bytes - 1);
    ready.push({ stream, subject, body, id: contentId(...batch.ids) });
  }

  /** One send at a time: two at once could be stored in the other order. */
  function send(): Promise<void> {
    sending ??= drain().finally(() => (sending = null));
    return sending;
  }

  async function drain(): Promise<void> {
    while (ready.length > 0) {
      const messages = ready.slice();
      await publish(messages);
      ready.splice(0, messages.length);
      for (const message of messages) pendingBytes -= message.body.length;
    }
  }

  function closeAll(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    for (const [subject, batch] of open) close(subject, batch);
  }

  function linger(): void {
    closeAll();
    send().catch(onError);
  }

  return {
    add(subject, id, value) {
      const text = JSON.stringify(value);
      const bytes = Buffer.byteLength(text) + 1;
      if (bytes + 1 > limits.maxBodyBytes) {
        throw new ThroughlineError(
          'EVENT_TOO_LARGE',
          `an event has ${bytes - 1} bytes; at most ${limits.maxBodyBytes} are taken`,
        );
      }
      let batch = open.get(subject);
      if (batch !== undefined && (batch.bytes + bytes > maxBytes || batch.texts.length >= maxCount)) {
        close(subject, batch);
        batch = undefined;
      }
      if (batch === undefined) open.set(subject, (batch = { texts: [], ids: [], bytes: 1 }));
      batch.texts.push(text);
      batch.ids.push(id);
      batch.bytes += bytes;
      pendingBytes += bytes;
      if (batch.texts.length >= maxCount || batch.bytes >= maxBytes) close(subject, batch);
      if (ready.length > 0) send().catch(onError);
      if (open.size > 0) timer ??= setTimeout(linger, lingerMs);
    },

    async flush() {
      closeAll();
      // A send under way began before the last batch was closed, and may fail for what was in it alone: go round until nothing is left.
      while (ready.length > 0 || sending !== null) await send();
    },

    pendingBytes: () => pendingBytes,
  };
}
