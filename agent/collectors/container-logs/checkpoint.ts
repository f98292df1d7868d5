import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { FilePosition } from './log-file.js';

/** Positions by path below the pod logs root, the rotated predecessor first. */
export type Positions = ReadonlyMap<string, readonly FilePosition[]>;

const form = z.object({
  version: z.literal(1),
  files: z.record(
    z.string(),
    z.array(
      z.object({
        inode: z.number(),
        offset: z.number().int().nonnegative(),
        headBytes: z.number().int().nonnegative().max(4_096),
        head: z.string(),
      }),
    ),
  ),
});

/** Null when there is none (a first start); a file that cannot be read is taken for none, and said by `onUnreadable`. */
export function readCheckpoint(path: string, onUnreadable: (reason: string) => void): Positions | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') onUnreadable(String(error));
    return null;
  }
  try {
    return new Map(Object.entries(form.parse(JSON.parse(text)).files));
  } catch (error) {
    onUnreadable(error instanceof SyntaxError ? error.message : 'not in the form of a checkpoint');
    return null;
  }
}

/** Whole or not at all: written beside, then renamed. */
export function writeCheckpoint(path: string, positions: Positions): void {
  mkdirSync(dirname(path), { recursive: true });
  const beside = `${path}.${process.pid}.tmp`;
  writeFileSync(beside, JSON.stringify({ version: 1, files: Object.fromEntries(positions) }));
  renameSync(beside, path);
}
