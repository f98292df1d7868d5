import { canonicalTimestamp, type Timestamp } from '../../../src/model/time.js';

export type LogStream = 'stdout' | 'stderr';

/** One line of a CRI log file: `<RFC 3339 nano> <stdout|stderr> <P|F>[:tag…] <text>` (kubernetes/design-proposals, kubelet-cri-logging). */
export interface CriLine {
  readonly timestamp: Timestamp;
  readonly stream: LogStream;
  /** True for all but the last piece of a line that the runtime cut (containerd: every 16 KiB). */
  readonly partial: boolean;
  readonly text: string;
}

const form = /^(\S{20,40}) (stdout|stderr) ([PF])(?::\S*)?(?: |$)/;

/** Null when the line is not in CRI format. */
export function parseCriLine(line: string): CriLine | null {
  const match = form.exec(line);
  if (!match) return null;
  const timestamp = exactTimestamp(match[1]!);
  if (timestamp === null) return null;
  return { timestamp, stream: match[2] as LogStream, partial: match[3] === 'P', text: line.slice(match[0].length) };
}

/** containerd writes local time with its offset and without trailing zeros; every digit counts, since the id hangs on it. */
function exactTimestamp(text: string): Timestamp | null {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([+-]\d\d:\d\d)$/.exec(text);
  if (!match) return canonicalTimestamp(text);
  const epochMs = Date.parse(match[1]! + match[3]!);
  if (Number.isNaN(epochMs)) return null;
  return `${new Date(epochMs).toISOString().slice(0, 19)}.${(match[2] ?? '').padEnd(9, '0')}Z`;
}

/** A whole line of a container, its pieces joined. */
export interface JoinedLine {
  /** Of the last piece: the moment the line was complete. */
  readonly timestamp: Timestamp;
  readonly stream: LogStream;
  readonly text: string;
}

export interface LineJoiner {
  /** The joined line when this piece completes one, else null. */
  push(piece: CriLine): JoinedLine | null;
  /** Time of the last piece of the oldest line that is not complete, null when there is none. */
  pendingSince(): Timestamp | null;
  /** What is not complete, as it is: for a container that is gone, or pieces that never get an end. */
  flush(): JoinedLine[];
}

/** Joins per stream, since a runtime interleaves both in one file. Of a line longer than `maxChars` the beginning is kept. */
export function createLineJoiner({ maxChars }: { readonly maxChars: number }): LineJoiner {
  const pending = new Map<LogStream, { timestamp: Timestamp; pieces: string[]; chars: number }>();

  const append = (line: { pieces: string[]; chars: number }, text: string): void => {
    const room = maxChars - line.chars;
    if (room <= 0) return;
    line.pieces.push(text.length > room ? text.slice(0, room) : text);
    line.chars += text.length;
  };

  return {
    push(piece) {
      const open = pending.get(piece.stream);
      if (!piece.partial && !open)
        return { timestamp: piece.timestamp, stream: piece.stream, text: piece.text.slice(0, maxChars) };
      const line = open ?? { timestamp: piece.timestamp, pieces: [], chars: 0 };
      append(line, piece.text);
      line.timestamp = piece.timestamp;
      if (piece.partial) {
        pending.set(piece.stream, line);
        return null;
      }
      pending.delete(piece.stream);
      return { timestamp: line.timestamp, stream: piece.stream, text: line.pieces.join('') };
    },
    pendingSince() {
      let oldest: Timestamp | null = null;
      for (const line of pending.values()) if (oldest === null || line.timestamp < oldest) oldest = line.timestamp;
      return oldest;
    },
    flush() {
      const lines = [...pending].map(([stream, line]) => ({
        timestamp: line.timestamp,
        stream,
        text: line.pieces.join(''),
      }));
      pending.clear();
      return lines;
    },
  };
}
