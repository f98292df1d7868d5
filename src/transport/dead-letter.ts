import type { ErrorCode, ThroughlineError } from '../errors.js';
import { contentId } from '../model/ids.js';
import type { OutgoingMessage, StoredMessage, StreamName } from './transport.js';

/** Headers of a dead letter: docs/wire.md, section 7. */
export const deadLetterHeaders = {
  code: 'Throughline-Code',
  reason: 'Throughline-Reason',
  subject: 'Throughline-Subject',
  sequence: 'Throughline-Sequence',
  deliveries: 'Throughline-Deliveries',
  truncated: 'Throughline-Truncated',
} as const;

/**
 * What cannot be processed, for `transport.publish`: the original bytes as the body, why and where from as headers. `body` is given
 * when only a part of the message is bad (one event of a batch). Its id comes from where it stood, so that a second attempt at the
 * same message leaves one dead letter; or, with a sequence of 0, from what never was a message, from the bytes.
 */
export function deadLetter(
  stream: StreamName,
  message: Pick<StoredMessage, 'subject' | 'body' | 'sequence'> & { readonly deliveries?: number },
  error: ThroughlineError,
  body: Uint8Array = message.body,
): OutgoingMessage {
  const part = body === message.body ? '' : String(body.byteOffset - message.body.byteOffset);
  return {
    stream: 'dead',
    subject: deadSubject(stream, error.code),
    body,
    id: contentId('dead', stream, message.sequence || Buffer.from(body).toString(), part, error.code),
    headers: {
      [deadLetterHeaders.code]: error.code,
      [deadLetterHeaders.reason]: headerText(error.message),
      [deadLetterHeaders.subject]: message.subject,
      [deadLetterHeaders.sequence]: String(message.sequence),
      [deadLetterHeaders.deliveries]: String(message.deliveries ?? 1),
    },
  };
}

/** For a bus that takes at most `maxBytes` of headers and body together: a letter cut short, saying how long it was, beats none. */
export function fitted(letter: OutgoingMessage, maxBytes: number): OutgoingMessage {
  const headers = { ...letter.headers, [deadLetterHeaders.truncated]: String(letter.body.length) };
  // A header line is `name: value\r\n`; what the transport adds itself is well below 512 bytes.
  const headerBytes = Object.entries(headers).reduce((sum, line) => sum + Buffer.byteLength(line.join('')) + 4, 512);
  if (headerBytes + letter.body.length <= maxBytes) return letter;
  return { ...letter, headers, body: letter.body.subarray(0, Math.max(0, maxBytes - headerBytes)) };
}

export function deadSubject(stream: StreamName, code: ErrorCode): string {
  return `dead.${stream}.${code.toLowerCase().replaceAll('_', '-')}`;
}

/** A header ends at a line break, and the server counts headers against its payload limit. */
function headerText(text: string): string {
  return text
    .replace(/[\u0000-\u001f\u007f]+/g, ' ')
    .slice(0, 1_000)
    .trim();
}
