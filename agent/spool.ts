import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { OutgoingMessage, StreamName } from '../src/transport/transport.js';

export interface SpoolOptions {
  readonly path: string;
  /** Beyond it whole segments go, the oldest first. */
  readonly maxBytes: number;
  /** Default 8 MiB, at most an eighth of maxBytes. */
  readonly segmentBytes?: number;
  /** Called with the messages that were dropped for want of room. */
  readonly onDropped: (messages: readonly OutgoingMessage[]) => void;
}

/** Messages on disk, in order, while the bus is away. At least once: after a crash the last ones read may be read again. */
export interface Spool {
  append(messages: readonly OutgoingMessage[]): void;
  /** The oldest messages, up to that many bytes (at least one message); [] when there are none. */
  peek(maxBytes: number): readonly OutgoingMessage[];
  /** That many of the peeked ones are on the bus. */
  advance(count: number): void;
  empty(): boolean;
  bytes(): number;
  close(): void;
}

interface Segment {
  readonly number: number;
  bytes: number;
}

/**
 * A record is its payload's length and CRC-32 (big-endian, 4 bytes each), then the payload: the length of a JSON head (4 bytes), the head
 * `{stream, subject, id, headers}`, the body. A record that kill -9 cut short fails its length or CRC, and is cut off at the next start.
 */
const frameBytes = 8;
const cursorFile = 'cursor';

/** Fails when the folder cannot be made or read. One process at a time. */
export function openSpool(options: SpoolOptions): Spool {
  const { path, maxBytes } = options;
  const segmentBytes = Math.min(options.segmentBytes ?? 8 * 1024 * 1024, Math.max(4_096, Math.floor(maxBytes / 8)));
  mkdirSync(path, { recursive: true });
  const segments: Segment[] = recover();
  let cursor = readCursor();
  let tail: number | null = null;
  /** Where each peeked message ends: (segment, offset). */
  let peeked: { number: number; offset: number }[] = [];

  function file(number: number): string {
    return join(path, `${String(number).padStart(10, '0')}.spool`);
  }

  function recover(): Segment[] {
    const numbers = readdirSync(path)
      .filter((name) => /^\d{10}\.spool$/.test(name))
      .map((name) => Number(name.slice(0, 10)))
      .sort((one, other) => one - other);
    return numbers.map((number) => {
      const descriptor = openSync(file(number), 'r+');
      try {
        const { size } = fstatSync(descriptor);
        let whole = 0;
        for (let record = recordAt(descriptor, 0, size); record; record = recordAt(descriptor, whole, size))
          whole = record.end;
        if (whole < size) ftruncateSync(descriptor, whole);
        return { number, bytes: whole };
      } finally {
        closeSync(descriptor);
      }
    });
  }

  function readCursor(): { number: number; offset: number } {
    const first = { number: segments[0]?.number ?? 1, offset: 0 };
    const at = join(path, cursorFile);
    if (!existsSync(at)) return first;
    const match = /^(\d+) (\d+)$/.exec(readFileSync(at, 'utf8'));
    const [number, offset] = [Number(match?.[1] ?? 0), Number(match?.[2] ?? 0)];
    const segment = segments.find((one) => one.number === number);
    return segment && offset <= segment.bytes ? { number, offset } : first;
  }

  function writeCursor(): void {
    const at = join(path, cursorFile);
    writeFileSync(`${at}.tmp`, `${cursor.number} ${cursor.offset}`);
    renameSync(`${at}.tmp`, at);
  }

  function roll(): Segment {
    if (tail !== null) closeSync(tail);
    const number = Math.max(cursor.number, (segments.at(-1)?.number ?? 0) + 1);
    tail = openSync(file(number), 'a');
    const segment = { number, bytes: 0 };
    segments.push(segment);
    if (segments.length === 1) cursor = { number, offset: 0 };
    return segment;
  }

  function bytes(): number {
    let total = 0;
    for (const segment of segments) total += segment.bytes;
    return total;
  }

  function dropOldest(): void {
    const [oldest] = segments;
    if (!oldest) return;
    const dropped = readSegment(oldest, cursor.number === oldest.number ? cursor.offset : 0, Infinity);
    remove(oldest);
    peeked = [];
    if (dropped.length > 0) options.onDropped(dropped.map(({ message }) => message));
  }

  function remove(segment: Segment): void {
    segments.splice(segments.indexOf(segment), 1);
    if (segments.length === 0 && tail !== null) {
      closeSync(tail);
      tail = null;
    }
    cursor = { number: segments[0]?.number ?? segment.number + 1, offset: 0 };
    writeCursor();
    unlinkSync(file(segment.number));
  }

  function readSegment(segment: Segment, from: number, most: number): { message: OutgoingMessage; end: number }[] {
    const descriptor = openSync(file(segment.number), 'r');
    try {
      const records: { message: OutgoingMessage; end: number }[] = [];
      let offset = from;
      while (offset - from < most) {
        const record = recordAt(descriptor, offset, segment.bytes);
        if (!record) break;
        records.push({ message: decode(record.payload), end: record.end });
        offset = record.end;
      }
      return records;
    } finally {
      closeSync(descriptor);
    }
  }

  return {
    append(messages) {
      for (const message of messages) {
        const record = frame(encode(message));
        let segment = segments.at(-1);
        if (tail === null || !segment || segment.bytes + record.length > segmentBytes) segment = roll();
        while (bytes() + record.length > maxBytes && segments.length > 1) dropOldest();
        try {
          writeWhole(tail!, record);
        } catch (error) {
          // A full disk: what was written of the record must not stand before the next one.
          ftruncateSync(tail!, segment.bytes);
          throw error;
        }
        segment.bytes += record.length;
      }
    },

    peek(most) {
      const messages: OutgoingMessage[] = [];
      peeked = [];
      let taken = 0;
      for (const segment of segments) {
        let offset = segment.number === cursor.number ? cursor.offset : 0;
        for (const { message, end } of readSegment(segment, offset, most - taken)) {
          messages.push(message);
          peeked.push({ number: segment.number, offset: end });
          taken += end - offset;
          offset = end;
        }
        if (taken >= most) break;
      }
      return messages;
    },

    advance(count) {
      const at = peeked[count - 1];
      if (!at) return;
      peeked = peeked.slice(count);
      while (
        segments[0] &&
        (segments[0].number < at.number || (segments[0].number === at.number && at.offset >= segments[0].bytes))
      ) {
        remove(segments[0]);
      }
      if (segments[0]?.number === at.number) {
        cursor = at;
        writeCursor();
      }
    },

    empty: () => segments.every(({ number, bytes: size }) => size === (number === cursor.number ? cursor.offset : 0)),
    bytes,

    close() {
      if (tail !== null) closeSync(tail);
      tail = null;
    },
  };
}

/** Null at the end, and at a record that is not whole. */
function recordAt(descriptor: number, offset: number, size: number): { payload: Buffer; end: number } | null {
  if (offset + frameBytes > size) return null;
  const head = Buffer.alloc(frameBytes);
  readSync(descriptor, head, 0, frameBytes, offset);
  const length = head.readUInt32BE(0);
  const end = offset + frameBytes + length;
  if (end > size) return null;
  const payload = Buffer.allocUnsafe(length);
  if (readSync(descriptor, payload, 0, length, offset + frameBytes) !== length) return null;
  return crc32(payload) === head.readUInt32BE(4) ? { payload, end } : null;
}

function frame(payload: Buffer): Buffer {
  const record = Buffer.allocUnsafe(frameBytes + payload.length);
  record.writeUInt32BE(payload.length, 0);
  record.writeUInt32BE(crc32(payload), 4);
  payload.copy(record, frameBytes);
  return record;
}

function encode({ body, ...head }: OutgoingMessage): Buffer {
  const headBytes = Buffer.from(JSON.stringify(head));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(headBytes.length);
  return Buffer.concat([length, headBytes, body]);
}

function decode(payload: Buffer): OutgoingMessage {
  const headEnd = 4 + payload.readUInt32BE(0);
  const head = JSON.parse(payload.toString('utf8', 4, headEnd)) as Omit<OutgoingMessage, 'body' | 'stream'> & {
    stream: StreamName;
  };
  return { ...head, body: payload.subarray(headEnd) };
}

function writeWhole(descriptor: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length;) written += writeSync(descriptor, bytes, written);
}
