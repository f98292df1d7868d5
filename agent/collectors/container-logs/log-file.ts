import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync, type Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { contentId } from '../../../src/model/ids.js';

/** How far one file has been read. The head tells it from a later file that was given the same inode. */
export interface FilePosition {
  readonly inode: number;
  readonly offset: number;
  readonly headBytes: number;
  readonly head: string;
}

/** Takes a line, and where in which file it begins. */
export type OnLine = (line: string, begins: { readonly inode: number; readonly offset: number }) => void;

export type StartAt = 'end' | 'beginning' | FilePosition;

/** One `<restart>.log` and what it is rotated into, read as one stream of lines. */
export interface LogFile {
  readonly path: string;
  /** Reads whole lines (without the line feed) until the budget is spent; true when there is more to read. */
  read(maxBytes: number, onLine: OnLine): boolean;
  /** Where a restarted agent goes on: the rotated file first while it is not finished. */
  positions(): FilePosition[];
  /** True when the file was removed and everything of it has been read. */
  finished(): boolean;
  close(): void;
}

interface OpenFile {
  readonly descriptor: number;
  readonly inode: number;
  offset: number;
  head: { bytes: number; hash: string };
  /** In the middle of a line longer than the buffer, or opened in the middle of a line: drop up to the next line feed. */
  skipping: boolean;
  /** When its successor was first seen, by performance.now(). */
  supersededAtMs: number | null;
}

/** containerd cuts lines at 16 KiB, so that a line longer than this is not one of a container runtime. */
const bufferBytes = 256 * 1024;
const headBytes = 256;
/** kubelet renames, then asks the runtime to open the new file: for a moment the runtime may still write to the old one. */
const supersededGraceMs = 1_000;
const lineFeed = 0x0a;
const buffer = Buffer.allocUnsafe(bufferBytes);

/**
 * Follows by file descriptor: rename and removal lose nothing. Reads synchronously, because what was just written is in the page cache and
 * a read is bounded by its budget. Fails when the file cannot be opened.
 */
export function openLogFile(options: {
  readonly path: string;
  readonly startAt: StartAt;
  /** Called for each line that is too long to be read. */
  readonly onOverlong?: () => void;
}): LogFile {
  const { path } = options;
  let missing = false;
  const files: OpenFile[] = begin();

  function begin(): OpenFile[] {
    const { startAt } = options;
    if (startAt === 'end' || startAt === 'beginning') return [open(path, startAt)];
    return openChain(path, startAt).map(({ file, from }) => open(file, from));
  }

  function read(maxBytes: number, onLine: OnLine): boolean {
    notice();
    let budget = maxBytes;
    for (const file of files) {
      budget -= readFile(file, budget, onLine);
      if (budget <= 0) return true;
    }
    retire(onLine);
    return false;
  }

  /** A new inode under the path means rotation: everything between what is open and the path is to be read, oldest first. */
  function notice(): void {
    const now = statOrNull(path);
    missing = now === null;
    const newest = files.at(-1);
    if (!now || !newest || now.ino === newest.inode) return;
    newest.supersededAtMs ??= performance.now();
    for (const { file, inode } of successors(path, newest.inode)) {
      if (files.some((known) => known.inode === inode)) continue;
      try {
        const opened = open(file, 'beginning');
        if (file !== path) opened.supersededAtMs = performance.now();
        files.push(opened);
      } catch {
        // Rotated away or compressed between listing and opening; the next round sees what became of it.
      }
    }
  }

  function retire(onLine: OnLine): void {
    while (files.length > 1 && performance.now() - (files[0]!.supersededAtMs ?? Infinity) > supersededGraceMs) {
      const [old] = files.splice(0, 1);
      readRest(old!, onLine);
      closeSync(old!.descriptor);
    }
    if (!missing || files.length === 0) return;
    if (files.every((file) => fstatSync(file.descriptor).nlink === 0)) {
      for (const file of files.splice(0)) {
        readRest(file, onLine);
        closeSync(file.descriptor);
      }
    }
  }

  /** Bytes read from the file. */
  function readFile(file: OpenFile, maxBytes: number, onLine: OnLine): number {
    let total = 0;
    const { size } = fstatSync(file.descriptor);
    if (size < file.offset || !stillTheSame(file)) rewind(file);
    while (total < maxBytes && file.offset < size) {
      const count = readSync(file.descriptor, buffer, 0, bufferBytes, file.offset);
      if (count === 0) break;
      total += count;
      const consumed = splitLines(file, buffer.subarray(0, count), onLine);
      if (consumed === 0) {
        if (count < bufferBytes) break;
        if (!file.skipping) options.onOverlong?.();
        file.skipping = true;
        file.offset += count;
      } else {
        file.offset += consumed;
      }
    }
    return total;
  }

  /** A last line without its line feed: the writer died before it. */
  function readRest(file: OpenFile, onLine: OnLine): void {
    readFile(file, Infinity, onLine);
    const count = readSync(file.descriptor, buffer, 0, bufferBytes, file.offset);
    if (count > 0 && !file.skipping) {
      onLine(buffer.toString('utf8', 0, count), { inode: file.inode, offset: file.offset });
    }
    file.offset += count;
  }

  return {
    path,
    read,
    positions: () => files.map(positionOf),
    finished: () => files.length === 0,
    close() {
      for (const file of files.splice(0)) closeSync(file.descriptor);
    },
  };
}

function open(path: string, from: StartAt): OpenFile {
  const descriptor = openSync(path, 'r');
  const { ino, size } = fstatSync(descriptor);
  const offset = from === 'end' ? size : from === 'beginning' ? 0 : from.offset;
  const skipping = offset > 0 && byteAt(descriptor, offset - 1) !== lineFeed;
  return { descriptor, inode: ino, offset, head: readHead(descriptor), skipping, supersededAtMs: null };
}

/** Consumed bytes: up to and with the last line feed. */
function splitLines(file: OpenFile, chunk: Buffer, onLine: OnLine): number {
  let from = 0;
  for (let to = chunk.indexOf(lineFeed); to !== -1; to = chunk.indexOf(lineFeed, from)) {
    if (file.skipping) file.skipping = false;
    else if (to > from) {
      onLine(chunk.toString('utf8', from, to), { inode: file.inode, offset: file.offset + from });
    }
    from = to + 1;
  }
  return from;
}

/**
 * Truncation in place (logrotate's copytruncate) shows as a smaller size, or, when as much has been written since, as something else
 * than a line feed before the offset.
 */
function stillTheSame(file: OpenFile): boolean {
  return file.offset === 0 || file.skipping || byteAt(file.descriptor, file.offset - 1) === lineFeed;
}

function rewind(file: OpenFile): void {
  file.offset = 0;
  file.skipping = false;
  file.head = readHead(file.descriptor);
}

function byteAt(descriptor: number, offset: number): number | null {
  const one = Buffer.alloc(1);
  return readSync(descriptor, one, 0, 1, offset) === 1 ? one[0]! : null;
}

function readHead(descriptor: number, bytes = headBytes): { bytes: number; hash: string } {
  const head = Buffer.alloc(bytes);
  const count = readSync(descriptor, head, 0, bytes, 0);
  return { bytes: count, hash: contentId(head.toString('latin1', 0, count)) };
}

function positionOf(file: OpenFile): FilePosition {
  if (file.head.bytes < headBytes) file.head = readHead(file.descriptor);
  return { inode: file.inode, offset: file.offset, headBytes: file.head.bytes, head: file.head.hash };
}

/** Where to go on after a restart: the file of the position, wherever rotation has put it, and everything newer. */
function openChain(path: string, position: FilePosition): { file: string; from: StartAt }[] {
  const siblings = rotationOrder(path);
  const at = siblings.findIndex((file) => isAt(file, position));
  if (at !== -1) {
    return siblings.slice(at).map((file, index) => ({ file, from: index === 0 ? position : ('beginning' as const) }));
  }
  // It was compressed or removed. kubelet keeps the newest rotated file uncompressed: that one is later, too.
  return siblings.map((file) => ({ file, from: 'beginning' as const }));
}

function successors(path: string, inode: number): { file: string; inode: number }[] {
  const chain = rotationOrder(path).flatMap((file) => {
    const stat = statOrNull(file);
    return stat ? [{ file, inode: stat.ino }] : [];
  });
  const at = chain.findIndex((entry) => entry.inode === inode);
  return at === -1 ? chain.slice(-1) : chain.slice(at + 1);
}

/** kubelet names rotated files `<restart>.log.<yyyymmdd-hhmmss>`, sorting by time; compressed ones end in .gz and are left alone. */
function rotationOrder(path: string): string[] {
  const folder = dirname(path);
  const prefix = `${basename(path)}.`;
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    names = [];
  }
  const rotated = names.filter((name) => name.startsWith(prefix) && !/\.(?:gz|tmp)$/.test(name)).sort();
  return [...rotated.map((name) => join(folder, name)), path];
}

function isAt(file: string, position: FilePosition): boolean {
  const stat = statOrNull(file);
  if (!stat || stat.ino !== position.inode || stat.size < position.offset) return false;
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return false;
  }
  try {
    return readHead(descriptor, position.headBytes).hash === position.head;
  } finally {
    closeSync(descriptor);
  }
}

function statOrNull(path: string): Stats | null {
  return statSync(path, { throwIfNoEntry: false }) ?? null;
}
