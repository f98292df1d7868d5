import { isAscii, isUtf8 } from 'node:buffer';
import { ThroughlineError } from '../errors.js';
import type { RawEvent } from '../model/raw-event.js';
import { elementSpans } from './json-spans.js';
import { limits } from './limits.js';
import { problemOf } from './raw-event-check.js';

/** Message bodies, docs/wire.md section 4: UTF-8 JSON, one object, or an array of objects (a batch). */
export interface DecodedEvents<Event = RawEvent> {
  /** Every event that keeps to the contract, in the order of the body. */
  readonly events: readonly Event[];
  /** The rest: each belongs on the dead stream, and none of them harms its neighbours. */
  readonly rejected: readonly RejectedBytes[];
}

export interface RejectedBytes {
  /** EVENT_UNPARSABLE, EVENT_INVALID or EVENT_TOO_LARGE; the message names the field and what it may be. */
  readonly error: ThroughlineError;
  /** Exactly what was sent: one element of a batch, or the whole body when nothing in it is good. */
  readonly body: Uint8Array;
}

/** One value becomes an object, several an array. Throws EVENT_TOO_LARGE beyond `limits.maxBodyBytes`. */
export function encode(values: readonly object[]): Uint8Array {
  return encodeTexts(values.map((value) => JSON.stringify(value)));
}

/** As {@link encode}, for values that are JSON text already. */
export function encodeTexts(texts: readonly string[]): Uint8Array {
  const body = Buffer.from(texts.length === 1 ? texts[0]! : `[${texts.join(',')}]`);
  if (body.length > limits.maxBodyBytes) throw tooLarge(body.length);
  return body;
}

/** The values of a body that this system wrote itself (unified, results). Throws EVENT_TOO_LARGE or EVENT_UNPARSABLE. */
export function decode<Value extends object>(body: Uint8Array): Value[] {
  if (body.length > limits.maxBodyBytes) throw tooLarge(body.length);
  const value = parse(body);
  const values: unknown[] = Array.isArray(value) ? value : [value];
  const odd = values.find((each) => typeof each !== 'object' || each === null);
  if (odd !== undefined) {
    throw new ThroughlineError('EVENT_UNPARSABLE', 'the body must be a JSON object, or an array of JSON objects');
  }
  return values as Value[];
}

/** The RawEvents of a body from anywhere. Never throws: what is wrong comes back as `rejected`. One JSON.parse, then a few checks per event. */
export function decodeEvents(body: Uint8Array): DecodedEvents {
  return decodeChecked<RawEvent>(body, problemOf);
}

/** As {@link decodeEvents}, with another word for what is wrong with a value; null when nothing is. */
export function decodeChecked<Event>(body: Uint8Array, check: (value: unknown) => string | null): DecodedEvents<Event> {
  try {
    if (body.length > limits.maxBodyBytes) throw tooLarge(body.length);
    const value = parse(body);
    if (!Array.isArray(value)) {
      const problem = check(value);
      return problem === null ? { events: [value as Event], rejected: [] } : whole(body, invalid(problem));
    }
    return decodeBatch(body, value, check);
  } catch (error) {
    if (error instanceof ThroughlineError) return whole(body, error);
    throw error;
  }
}

function decodeBatch<Event>(
  body: Uint8Array,
  values: readonly unknown[],
  check: (value: unknown) => string | null,
): DecodedEvents<Event> {
  if (values.length === 0) throw invalid('the batch must hold at least one event');
  if (values.length > limits.maxEvents) {
    throw new ThroughlineError(
      'EVENT_TOO_LARGE',
      `the batch holds ${values.length} events; at most ${limits.maxEvents} are taken`,
    );
  }
  const bad: { readonly index: number; readonly problem: string }[] = [];
  for (let index = 0; index < values.length; index++) {
    const problem = check(values[index]);
    if (problem !== null) bad.push({ index, problem });
  }
  if (bad.length === 0) return { events: values as readonly Event[], rejected: [] };
  if (bad.length === values.length) return whole(body, invalid(`event 0 of ${values.length}: ${bad[0]!.problem}`));

  const spans = elementSpans(body);
  const badIndexes = new Set(bad.map(({ index }) => index));
  return {
    events: values.filter((_, index) => !badIndexes.has(index)) as Event[],
    rejected: bad.map(({ index, problem }) => ({ error: invalid(problem), body: body.subarray(...spans[index]!) })),
  };
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(textOf(body));
  } catch (cause) {
    if (cause instanceof ThroughlineError) throw cause;
    throw new ThroughlineError('EVENT_UNPARSABLE', `the body is not JSON: ${(cause as Error).message}`, { cause });
  }
}

/** Log lines are mostly ASCII, and one byte per character is the fast way into a JavaScript string. */
function textOf(body: Uint8Array): string {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (isAscii(bytes)) return bytes.toString('latin1');
  if (isUtf8(bytes)) return bytes.toString('utf8');
  throw new ThroughlineError('EVENT_UNPARSABLE', 'the body is not UTF-8');
}

function whole(body: Uint8Array, error: ThroughlineError): DecodedEvents<never> {
  return { events: [], rejected: [{ error, body }] };
}

function invalid(problem: string): ThroughlineError {
  return new ThroughlineError('EVENT_INVALID', problem);
}

function tooLarge(bytes: number): ThroughlineError {
  return new ThroughlineError(
    'EVENT_TOO_LARGE',
    `the body has ${bytes} bytes; at most ${limits.maxBodyBytes} are taken`,
  );
}
