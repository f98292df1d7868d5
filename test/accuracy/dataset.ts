import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';

export interface Dataset {
  /** Everything of the set, unpacked: the labels beside the folders that the archives held. */
  readonly folder: string;
  remove(): void;
}

/**
 * A set as it was given: its archives (`*.tar.zst`) unpacked into a temporary folder, unless the folder that they hold is already
 * beside them; every other file linked there. A folder without archives is used as it is.
 */
export function openDataset(given: string): Dataset {
  const source = resolve(given);
  if (!existsSync(source)) throw new Error(`--data ${given}: there is no such folder`);
  const names = readdirSync(source);
  const archives = names.filter((name) => name.endsWith('.tar.zst') && !names.includes(basename(name, '.tar.zst')));
  if (archives.length === 0) return { folder: source, remove: () => undefined };
  const folder = mkdtempSync(join(tmpdir(), 'throughline-accuracy-'));
  for (const name of archives) {
    mkdirSync(folder, { recursive: true });
    // A long window is how the archives were packed: zstd refuses them without.
    execFileSync('tar', ['--use-compress-program', 'zstd -d --long=30', '-xf', join(source, name), '-C', folder]);
  }
  for (const name of names)
    if (!name.endsWith('.tar.zst') && !existsSync(join(folder, name)))
      symlinkSync(join(source, name), join(folder, name));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** The labels of a set: `labels_<half>.json` in its folder, all halves that are there. */
export function labelFiles(folder: string): string[] {
  const files = readdirSync(folder).filter((name) => /^labels.*\.json$/.test(name));
  if (files.length === 0) throw new Error(`${folder} has no labels*.json: nothing can be scored`);
  return files.map((name) => join(folder, name));
}

/** Folders that hold cases, whatever the half is called: every folder but the named ones, which hold what the cases share. */
export function caseFolders(folder: string, shared: readonly string[] = ['common']): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !shared.includes(entry.name))
    .map((entry) => join(folder, entry.name))
    .sort();
}
