import { createReadStream, createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { constants, createGunzip, createGzip } from 'node:zlib';
import { ThroughlineError } from '../errors.js';
import type { RawEvent } from '../model/raw-event.js';
import { problemOf } from '../transport/raw-event-check.js';

/** A recording is RawEvents as JSON lines, in the order they were published; gzip when its name ends in `.gz`. */
export interface RecordingReader extends AsyncIterable<RawEvent> {
  /** Complete when the iteration has ended. */
  readonly unreadable: UnreadableLines;
}

export interface UnreadableLines {
  readonly count: number;
  /** 1-based numbers of the first hundred, each with what is wrong with it. */
  readonly lines: readonly { readonly number: number; readonly problem: string }[];
}

const unreadableNamed = 100;

/**
 * Reads in file order and one line at a time. A line that is no RawEvent is counted and skipped; a gzip file that was cut short
 * (`kill -9` of the recorder) counts as one unreadable line at its end. Fails with RECORDING_UNREADABLE when not one event can be read.
 */
export function readRecording(path: string): RecordingReader {
  const lines: { number: number; problem: string }[] = [];
  let count = 0;

  const unreadable = (number: number, problem: string): void => {
    count += 1;
    if (lines.length < unreadableNamed) lines.push({ number, problem });
  };

  async function* events(): AsyncGenerator<RawEvent> {
    let number = 0;
    let read = 0;
    let failure: unknown = null;
    try {
      for await (const line of textLines(path)) {
        number += 1;
        if (line.trim() === '') continue;
        const { event, problem } = parse(line);
        if (event === null) {
          unreadable(number, problem);
          continue;
        }
        read += 1;
        yield event;
      }
    } catch (error) {
      failure = error;
      unreadable(number + 1, (error as Error).message);
    }
    if (read > 0) return;
    const first = lines[0];
    const why = first ? `line ${first.number}: ${first.problem}` : 'it is empty';
    throw new ThroughlineError('RECORDING_UNREADABLE', `${path} holds no event that can be read; ${why}`, {
      cause: failure,
    });
  }

  return {
    unreadable: {
      get count() {
        return count;
      },
      lines,
    },
    [Symbol.asyncIterator]: events,
  };
}

async function* textLines(path: string): AsyncGenerator<string> {
  const file = createReadStream(path);
  const text = path.endsWith('.gz') ? file.pipe(createGunzip()) : file;
  const failures: Error[] = [];
  // readline ends quietly when its input fails: what failed is remembered and thrown after the lines that came before it.
  const fail = (error: Error): void => {
    failures.push(error);
    text.destroy();
    reader.close();
  };
  const reader = createInterface({ input: text, crlfDelay: Infinity });
  file.on('error', fail);
  text.on('error', fail);
  try {
    for await (const line of reader) yield line;
  } finally {
    file.destroy();
  }
  if (failures[0] !== undefined) throw failures[0];
}

function parse(line: string): { event: RawEvent; problem: '' } | { event: null; problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    return { event: null, problem: (error as Error).message };
  }
  const problem = problemOf(value);
  return problem === null ? { event: value as RawEvent, problem: '' } : { event: null, problem };
}

export interface RecordingWriter {
  write(event: RawEvent): void;
  /** What was written before can be read after a crash. */
  flush(): void;
  /** Rejects when something could not be written. */
  close(): Promise<void>;
  bytes(): number;
}

/** Fails, at close() at the latest, when the file cannot be written. */
export function writeRecording(path: string): RecordingWriter {
  const file = createWriteStream(path);
  const gzip = path.endsWith('.gz') ? createGzip() : null;
  const stream = gzip ?? file;
  gzip?.pipe(file);
  let failure: Error | null = null;
  file.on('error', (error) => {
    failure ??= error;
    gzip?.destroy();
  });
  return {
    write(event) {
      if (failure === null) stream.write(`${JSON.stringify(event)}\n`);
    },
    flush() {
      if (failure === null) gzip?.flush(constants.Z_SYNC_FLUSH);
    },
    async close() {
      if (failure === null) {
        stream.end();
        await finished(file).catch((error: Error) => (failure ??= error));
      }
      if (failure !== null) throw failure;
    },
    bytes: () => file.bytesWritten,
  };
}
