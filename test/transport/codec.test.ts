import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { contentId } from '../../src/model/ids.js';
import type { RawEvent } from '../../src/model/raw-event.js';
import { decode, decodeEvents, encode } from '../../src/transport/codec.js';
import { elementSpans } from '../../src/transport/json-spans.js';
import { limits } from '../../src/transport/limits.js';
import { logLine } from './raw-events.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (body: Uint8Array) => new TextDecoder().decode(body);
const rejection = (value: unknown): string => {
  const { events, rejected } = decodeEvents(bytes(typeof value === 'string' ? value : JSON.stringify(value)));
  expect(events).toEqual([]);
  expect(rejected).toHaveLength(1);
  return `${rejected[0]!.error.code}: ${rejected[0]!.error.message}`;
};

describe('a message body', () => {
  test('of one event is an object, of several an array, and both come back as they were', () => {
    const events = [logLine(1), logLine(2), logLine(3, { message: 'naïve ✓ 你好' })];
    expect(text(encode([events[0]!]))).toMatch(/^\{/);
    expect(decodeEvents(encode([events[0]!]))).toEqual({ events: [events[0]], rejected: [] });
    expect(decodeEvents(encode(events))).toEqual({ events, rejected: [] });
    expect(decode(encode(events))).toEqual(events);
  });

  test('that is larger than the limit is not written and not read', () => {
    const large = logLine(1, { message: 'x'.repeat(limits.maxBodyBytes) });
    expect(() => encode([large])).toThrow(expect.objectContaining({ code: 'EVENT_TOO_LARGE' }));
    expect(rejection(JSON.stringify(large))).toMatch(
      /^EVENT_TOO_LARGE: the body has 10\d{5} bytes; at most 1044480 are taken$/,
    );
    expect(() => decode(bytes(JSON.stringify(large)))).toThrow(expect.objectContaining({ code: 'EVENT_TOO_LARGE' }));
  });

  test('that is not JSON, or not UTF-8, is rejected whole with its bytes', () => {
    const whole = encode([logLine(1), logLine(2)]);
    const truncated = whole.subarray(0, whole.length - 20);
    expect(decodeEvents(truncated).rejected[0]!.body).toBe(truncated);
    expect(decodeEvents(truncated).rejected[0]!.error.code).toBe('EVENT_UNPARSABLE');
    expect(decodeEvents(new Uint8Array([0x7b, 0xff, 0xfe, 0x00])).rejected[0]!.error.message).toBe(
      'the body is not UTF-8',
    );
    expect(rejection('')).toMatch(/^EVENT_UNPARSABLE/);
    expect(rejection('[]')).toBe('EVENT_INVALID: the batch must hold at least one event');
    expect(rejection('42')).toBe('EVENT_INVALID: an event must be a JSON object; it is 42');
    expect(rejection(`[${'0,'.repeat(limits.maxEvents)}0]`)).toMatch(/^EVENT_TOO_LARGE: the batch holds 10001 events/);
  });

  test('nested as deep as a message allows neither crashes nor passes', () => {
    expect(rejection('['.repeat(400_000) + ']'.repeat(400_000))).toMatch(/^EVENT_INVALID/);
    const nested = (levels: number) =>
      JSON.stringify(logLine(1)).replace(
        '"attributes":{}',
        `"attributes":${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`,
      );
    expect(rejection(nested(100_000))).toMatch(/nested too deep; at most 64 levels/);
    expect(decodeEvents(bytes(nested(60))).events).toHaveLength(1);
  });

  test('with a bad event among good ones keeps the good, and the bad as it was sent', () => {
    const good = [logLine(1), logLine(2)];
    const odd = '{"type" : "log",\t"note": "a \\"]\\\\ , \u00e9}"}';
    const body = bytes(` [ ${JSON.stringify(good[0])} ,\n${odd} , ${JSON.stringify(good[1])},7 ] `);
    const { events, rejected } = decodeEvents(body);
    expect(events).toEqual(good);
    expect(rejected.map((each) => text(each.body))).toEqual([odd, '7']);
    expect(rejected.map((each) => each.error.message)).toEqual([
      'schemaVersion must be 1; it is absent',
      'an event must be a JSON object; it is 7',
    ]);
  });

  test('whose every event is bad is rejected once, not once per event', () => {
    expect(rejection([{}, {}, {}])).toBe('EVENT_INVALID: event 0 of 3: schemaVersion must be 1; it is absent');
  });
});

describe('an event is refused with the field and what it may be, when', () => {
  const changes: [string, Record<string, unknown>, string][] = [
    ['its version is another', { schemaVersion: 2 }, 'schemaVersion must be 1; it is 2'],
    ['it has no id', { id: undefined }, 'id must be a text of 1 to 128 characters; it is absent'],
    ['its id is a number', { id: 7 }, 'id must be a text of 1 to 128 characters; it is 7'],
    [
      'its type is unknown',
      { type: 'smoke' },
      'type must be one of ebpf, kubeapi, network, log, systemd, otlp, alert; it is "smoke"',
    ],
    [
      'its trace id is upper case',
      { traceId: 'A'.repeat(32) },
      `traceId must be 32 lower-case hex digits, not all zero, or null; it is "${'A'.repeat(32)}"`,
    ],
    [
      'its trace id is all zero',
      { traceId: '0'.repeat(32) },
      `traceId must be 32 lower-case hex digits, not all zero, or null; it is "${'0'.repeat(32)}"`,
    ],
    [
      'its span id is short',
      { spanId: 'ab' },
      'spanId must be 16 lower-case hex digits, not all zero, or null; it is "ab"',
    ],
    [
      'its time is no time',
      { timestamp: 'yesterday' },
      'timestamp must be an RFC 3339 time such as 2026-11-24T17:30:41.123456789Z; it is "yesterday"',
    ],
    [
      'its time has a thirteenth month',
      { timestamp: '2026-13-24T17:30:41.123456789Z' },
      'timestamp must be an RFC 3339 time such as 2026-11-24T17:30:41.123456789Z; it is "2026-13-24T17:30:41.123456789Z"',
    ],
    ['its data is an array', { data: [] }, 'data must be a JSON object; it is an array'],
    [
      'its kind would break a subject',
      { data: { kind: 'a.b' } },
      'data.kind must be 1 to 63 lower-case letters, digits and dashes; it is "a.b"',
    ],
    [
      'a text of its data is endless',
      { data: { kind: 'line', message: 'x'.repeat(limits.maxTextLength + 1) } },
      'data.message has 262145 characters; at most 262144 are taken',
    ],
    [
      'its metadata holds a number',
      { metadata: { pod: 7 } },
      'metadata.pod must be a text of at most 1024 characters; it is 7',
    ],
    ['it has no metadata', { metadata: null }, 'metadata must be a JSON object of texts; it is null'],
  ];
  test.each(changes)('%s', (_, change, message) => {
    expect(rejection({ ...logLine(1), ...change })).toBe(`EVENT_INVALID: ${message}`);
  });

  test('its data would change a prototype', () => {
    expect(rejection(JSON.stringify(logLine(1)).replace('"attributes":{}', '"attributes":{"__proto__":{"a":1}}'))).toBe(
      'EVENT_INVALID: data.attributes must not have a field __proto__',
    );
  });
});

test('what has one obvious reading is put right: absent trace ids, other RFC 3339 forms', () => {
  const { traceId: _traceId, spanId: _spanId, ...rest } = logLine(1);
  const { events } = decodeEvents(bytes(JSON.stringify({ ...rest, timestamp: '2026-11-24T18:30:41.5+01:00' })));
  expect(events[0]).toMatchObject({ traceId: null, spanId: null, timestamp: '2026-11-24T17:30:41.500000000Z' });
});

test('any bytes at all give events and rejections, never an exception', () => {
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.json().map(bytes)), (body) => {
      const { events, rejected } = decodeEvents(body);
      expect(events.length + rejected.length).toBeGreaterThan(0);
      for (const { error } of rejected) expect(error.kind).toBe('poison');
    }),
  );
});

test('the spans of an array are the elements as they stand', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue(), { minLength: 1 }), fc.constantFrom('', ' ', '\n\t'), (values, blank) => {
      const parts = values.map((value) => JSON.stringify(value));
      const body = bytes(`${blank}[${blank}${parts.join(`${blank},${blank}`)}${blank}]${blank}`);
      expect(elementSpans(body).map(([start, end]) => text(body.subarray(start, end)))).toEqual(parts);
    }),
  );
});

test('every valid event survives the way out and back', () => {
  const event: fc.Arbitrary<RawEvent> = fc
    .record({ message: fc.string({ unit: 'grapheme' }), at: fc.integer({ min: 0, max: 86_399_999 }) })
    .map(({ message, at }) => ({ ...logLine(at, { message }), id: contentId(message, at) }));
  fc.assert(
    fc.property(fc.array(event, { minLength: 1, maxLength: 20 }), (events) => {
      expect(decodeEvents(encode(events))).toEqual({ events, rejected: [] });
    }),
  );
});
