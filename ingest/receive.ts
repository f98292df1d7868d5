import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import { ThroughlineError } from '../src/errors.js';
import type { Finding } from '../src/model/finding.js';
import { contentId } from '../src/model/ids.js';
import type { RawEvent } from '../src/model/raw-event.js';
import { toEpochMs } from '../src/model/time.js';
import { decodeChecked, encodeTexts } from '../src/transport/codec.js';
import { deadLetter } from '../src/transport/dead-letter.js';
import { elementSpans } from '../src/transport/json-spans.js';
import { aheadProblem, problemOf } from '../src/transport/raw-event-check.js';
import { unifiedSubject } from '../src/transport/subjects.js';
import type { OutgoingMessage, StoredMessage, Transport } from '../src/transport/transport.js';
import type { HopItem, HopStep } from './hop.js';
import type { Transform } from './transform/transform.js';

/**
 * The first hop's work, as {@link HopOptions} asks for it: bodies of the raw stream to RawEvents (what is not one goes to the dead
 * stream with its reason, its neighbours unharmed), and sorted RawEvents to Findings on the unified stream.
 */
export interface Receive {
  decode(message: StoredMessage, rebuilding: boolean): Promise<readonly HopItem<RawEvent>[]>;
  handle(steps: readonly HopStep<RawEvent>[], rebuilding: boolean): Promise<void>;
}

export interface ReceiveOptions {
  readonly transport: Pick<Transport, 'publish'>;
  readonly transform: Transform;
  readonly cluster: string;
  readonly log: Logger;
  readonly registry: Registry;
}

/** Findings are small; a body of this size is quick to send and to read, and far below what a server takes (1 MiB). */
const maxBodyChars = 256 * 1024;

export function createReceive({ transport, transform, cluster, log, registry }: ReceiveOptions): Receive {
  const received = new Counter({
    name: 'throughline_raw_events_total',
    help: 'Raw events taken from the bus; the rate is the load of the transform stage.',
    labelNames: ['type'],
    registers: [registry],
  });
  const rejected = new Counter({
    name: 'throughline_raw_events_rejected_total',
    help: 'Raw events sent to the dead stream, by error code; any rise means a publisher that breaks the contract of docs/wire.md.',
    labelNames: ['code'],
    registers: [registry],
  });

  /** Where each event that is being held stands, for a dead letter with its bytes as they were sent. */
  const origins = new WeakMap<RawEvent, StoredMessage>();

  async function decode(message: StoredMessage, rebuilding: boolean): Promise<readonly HopItem<RawEvent>[]> {
    const { events, rejected: bad } = decodeChecked<RawEvent>(
      message.body,
      (value) => problemOf(value) ?? aheadProblem(value as RawEvent, message.storedMs),
    );
    for (const event of events) origins.set(event, message);
    if (bad.length > 0 && !rebuilding) {
      await transport.publish(bad.map(({ error, body }) => deadLetter('raw', message, error, body)));
      for (const { error } of bad) {
        rejected.inc({ code: error.code });
        log.warn(
          { code: error.code, subject: message.subject, sequence: message.sequence, reason: error.message },
          'an event was refused',
        );
      }
    }
    return events.map((event) => ({
      item: event,
      atMs: toEpochMs(event.timestamp),
      key: event.id,
      clockOf: event.data.kind === 'source-health' ? (event.metadata.source ?? 'unknown') : null,
    }));
  }

  /** Each step has messages of its own, so that the same steps make the same messages however many are handled at once. */
  async function handle(steps: readonly HopStep<RawEvent>[], rebuilding: boolean): Promise<void> {
    const messages: OutgoingMessage[] = [];
    const counts = new Map<string, number>();
    for (const { items, watermarkMs } of steps) {
      const findings: Finding[] = [];
      for (const event of items) {
        counts.set(event.type, (counts.get(event.type) ?? 0) + 1);
        try {
          for (const finding of transform.transform(event)) findings.push(finding);
        } catch (error) {
          if (!rebuilding) messages.push(unreadable(event, error));
        }
      }
      for (const finding of transform.tick(watermarkMs)) findings.push(finding);
      if (!rebuilding) for (const message of bodies(findings)) messages.push(message);
    }
    if (rebuilding) return;
    for (const [type, number] of counts) received.inc({ type }, number);
    if (messages.length > 0) await transport.publish(messages);
  }

  /** Passed the check of its shape, but its payload is not what its kind promises. */
  function unreadable(event: RawEvent, cause: unknown): OutgoingMessage {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const error = new ThroughlineError(
      'EVENT_INVALID',
      `the payload of ${event.type}/${event.data.kind} cannot be read: ${reason}`,
      { cause },
    );
    rejected.inc({ code: error.code });
    log.warn({ err: error, event: event.id }, 'an event was refused');
    const message = origins.get(event);
    if (message) return deadLetter('raw', message, error, bytesOf(event, message.body));
    const body = Buffer.from(JSON.stringify(event));
    return deadLetter('raw', { subject: `${event.type}.${event.data.kind}`, body, sequence: 0 }, error);
  }

  /** Findings in their order, as few messages as the size allows. Ids come from the content: sent twice, stored once. */
  function bodies(findings: readonly Finding[]): OutgoingMessage[] {
    const messages: OutgoingMessage[] = [];
    let texts: string[] = [];
    let chars = 0;
    const flush = () => {
      if (texts.length === 0) return;
      messages.push(unifiedMessage(texts));
      texts = [];
      chars = 0;
    };
    for (const finding of findings) {
      const text = JSON.stringify(finding);
      if (chars + text.length > maxBodyChars) flush();
      texts.push(text);
      chars += text.length;
    }
    flush();
    return messages;
  }

  function unifiedMessage(texts: readonly string[]): OutgoingMessage {
    const subject = unifiedSubject(cluster);
    try {
      const body = encodeTexts(texts);
      return { stream: 'unified', subject, body, id: unifiedId({ body }) };
    } catch (error) {
      if (!(error instanceof ThroughlineError)) throw error;
      // One finding that no message can hold, made of an event that barely fitted.
      rejected.inc({ code: error.code });
      log.error({ err: error }, 'a finding is too large for the bus');
      return deadLetter('unified', { subject, body: Buffer.from(texts.join(',')), sequence: 0 }, error);
    }
  }

  return { decode, handle };
}

/** Under which id a message of the unified stream is published. */
export function unifiedId({ body }: Pick<StoredMessage, 'body'>): string {
  return contentId('unified', Buffer.from(body).toString());
}

/** The event's part of a body that was parsed without complaint. */
function bytesOf(event: RawEvent, body: Uint8Array): Uint8Array {
  if (!Array.isArray(JSON.parse(Buffer.from(body).toString()))) return body;
  const parts = elementSpans(body).map((span) => body.subarray(...span));
  return parts.find((part) => (JSON.parse(Buffer.from(part).toString()) as Partial<RawEvent>).id === event.id) ?? body;
}
