import { setTimeout as delay } from 'node:timers/promises';
import { JetStreamApiError, type JetStreamClient } from '@nats-io/jetstream';
import { InvalidArgumentError } from '@nats-io/transport-node';
import { ThroughlineError } from '../errors.js';
import type { NatsLink } from './nats-connection.js';
import { natsHeaders } from './nats-headers.js';
import type { OutgoingMessage } from './transport.js';

/** Unacknowledged publishes at once, per call: enough to fill the wire, bounded for the server's sake. */
const maxOutstanding = 256;
const maxOutstandingBytes = 8 * 1_048_576;
const attemptTimeoutMs = 5_000;

/**
 * Publishes in order and resolves when all is durable. What a lost connection or a busy server swallowed is sent again under the same
 * message id until `timeoutMs` have passed without any progress: then it fails with TRANSPORT_UNAVAILABLE, and the caller keeps the messages. What the
 * server will never take fails with TRANSPORT_REJECTED.
 */
export async function publishAll(
  messages: readonly OutgoingMessage[],
  timeoutMs: number,
  dependencies: {
    readonly link: NatsLink;
    readonly client: JetStreamClient;
    readonly streamNameOf: (message: OutgoingMessage) => string;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  let next = 0;
  while (next < messages.length) {
    let bytes = 0;
    let end = next;
    while (end < messages.length && end - next < maxOutstanding && (end === next || bytes < maxOutstandingBytes)) {
      bytes += messages[end++]!.body.length;
    }
    await publishGroup(messages.slice(next, end), timeoutMs, dependencies);
    next = end;
  }
}

async function publishGroup(
  group: readonly OutgoingMessage[],
  timeoutMs: number,
  dependencies: Parameters<typeof publishAll>[2],
): Promise<void> {
  const { link, signal } = dependencies;
  let left = group;
  let deadlineMs = Date.now() + timeoutMs;
  for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 2, 1_000)) {
    const outcome = link.connected()
      ? await attempt(left, dependencies)
      : { left, cause: new Error(link.reason() ?? '') };
    if (outcome.left.length === 0) return;
    if (outcome.left.length < left.length) deadlineMs = Date.now() + timeoutMs;
    left = outcome.left;
    const remainingMs = deadlineMs - Date.now();
    if (remainingMs <= 0 || signal.aborted) {
      throw new ThroughlineError('TRANSPORT_UNAVAILABLE', `${left.length} messages could not be made durable`, {
        cause: outcome.cause,
      });
    }
    const pause = AbortSignal.any([signal, AbortSignal.timeout(Math.min(pauseMs, remainingMs))]);
    if (link.connected()) await delay(Math.min(pauseMs, remainingMs));
    else await link.restored.wait(pause);
  }
}

/** One round: gives back what is not known to be stored, in order. A lost connection ends the round at once. */
async function attempt(
  group: readonly OutgoingMessage[],
  { link, client, streamNameOf, signal }: Parameters<typeof publishAll>[2],
): Promise<{ readonly left: readonly OutgoingMessage[]; readonly cause: unknown }> {
  const stored = new Set<OutgoingMessage>();
  let cause: unknown = null;
  const rejections: ThroughlineError[] = [];
  const finished = new AbortController();
  const sent = Promise.all(
    group.map(async (message) => {
      try {
        await client.publish(message.subject, message.body, {
          msgID: message.id,
          headers: natsHeaders(message.headers),
          timeout: attemptTimeoutMs,
          expect: { streamName: streamNameOf(message) },
        });
        stored.add(message);
      } catch (error) {
        if (isPermanent(error)) rejections.push(rejection(message, error));
        else cause = error;
      }
    }),
  );
  await Promise.race([sent, link.lost.wait(AbortSignal.any([finished.signal, signal]))]);
  finished.abort();
  if (rejections[0] !== undefined) throw rejections[0];
  return { left: group.filter((message) => !stored.has(message)), cause };
}

/** The server's word about this very message, or the client's that it is larger than the server's max_payload. */
function isPermanent(error: unknown): boolean {
  return error instanceof InvalidArgumentError || (error instanceof JetStreamApiError && error.status < 500);
}

function rejection(message: OutgoingMessage, cause: unknown): ThroughlineError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ThroughlineError(
    'TRANSPORT_REJECTED',
    `NATS refuses ${message.body.length} bytes on ${message.subject}: ${reason}`,
    {
      cause,
    },
  );
}
