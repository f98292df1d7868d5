import { expect, test } from '@jest/globals';
import { ThroughlineError } from '../../src/errors.js';
import { decodeEvents } from '../../src/transport/codec.js';
import { deadLetter, deadLetterHeaders } from '../../src/transport/dead-letter.js';
import { logLine } from './raw-events.js';

const stored = (body: Uint8Array) => ({ subject: 'events.log.line.7', body, sequence: 42, headers: {}, deliveries: 2 });

test('a dead letter says why and where from, and carries the bytes themselves', () => {
  const body = new TextEncoder().encode('{"half":');
  const { error } = decodeEvents(body).rejected[0]!;
  const letter = deadLetter('raw', stored(body), error);
  expect(letter).toMatchObject({ stream: 'dead', subject: 'dead.raw.event-unparsable' });
  expect(letter.body).toBe(body);
  expect(letter.headers).toEqual({
    [deadLetterHeaders.code]: 'EVENT_UNPARSABLE',
    [deadLetterHeaders.reason]: error.message,
    [deadLetterHeaders.subject]: 'events.log.line.7',
    [deadLetterHeaders.sequence]: '42',
    [deadLetterHeaders.deliveries]: '2',
  });
});

test('the letters of two bad events of one message are two, of one event tried twice one', () => {
  const text = JSON.stringify([logLine(1), { bad: 1 }, { bad: 1 }]);
  const body = new TextEncoder().encode(text);
  const ids = () =>
    decodeEvents(body).rejected.map((each) => deadLetter('raw', stored(body), each.error, each.body).id);
  expect(new Set(ids()).size).toBe(2);
  expect(ids()).toEqual(ids());
});

test('a reason with line breaks stays one header', () => {
  const error = new ThroughlineError('EVENT_INVALID', `id must be\r\nNats-Rollup: all ${'x'.repeat(5_000)}`);
  const reason = deadLetter('raw', stored(new Uint8Array(1)), error).headers![deadLetterHeaders.reason]!;
  expect(reason).toMatch(/^id must be Nats-Rollup: all x/);
  expect(reason).toHaveLength(1_000);
});
