import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { containerOfCgroup, type ContainerIdentity } from './container-of-cgroup.js';

/** The hierarchy that the memory controller is in: v2's one tree, or v1's own (also on hybrid hosts, where the v2 tree has no memory). */
export interface MemoryTree {
  readonly version: 1 | 2;
  readonly folder: string;
}

/** `hostRoot` is `/`, or where the host's root is mounted; null when no memory controller is mounted below it. */
export function memoryTree(hostRoot: string): MemoryTree | null {
  const mount = join(hostRoot, 'sys/fs/cgroup');
  const controllers = read(join(mount, 'cgroup.controllers'));
  if (controllers?.split(/\s+/).includes('memory')) return { version: 2, folder: mount };
  const v1 = join(mount, 'memory');
  return read(join(v1, 'memory.limit_in_bytes')) === null ? null : { version: 1, folder: v1 };
}

/** Every container's cgroup, paths from the root of the tree. Below a container nothing is looked for: v2 counts hierarchically, and v1 runtimes put the limit there. */
export function containerCgroups(tree: MemoryTree): ContainerIdentity[] {
  const found: ContainerIdentity[] = [];
  const visit = (path: string, depth: number): void => {
    const identity = containerOfCgroup(path);
    if (identity) {
      found.push(identity);
      return;
    }
    if (depth === maxDepth) return;
    for (const name of folders(join(tree.folder, path))) visit(`${path}/${name}`, depth + 1);
  };
  visit('', 0);
  return found;
}

/**
 * Kills by the OOM killer since the cgroup was made: memory.events on v2, memory.oom_control on v1 (both since Linux 4.13). Null when
 * it cannot be read, which for a container that died is soon the case.
 */
export function oomKills(tree: MemoryTree, path: string): number | null {
  const text = read(join(tree.folder, path, tree.version === 2 ? 'memory.events' : 'memory.oom_control'));
  const match = text === null ? null : /^oom_kill (\d+)$/m.exec(text);
  return match ? Number(match[1]) : null;
}

/** Null when there is none, or it cannot be read. */
export function limitBytes(tree: MemoryTree, path: string): number | null {
  const text = read(join(tree.folder, path, tree.version === 2 ? 'memory.max' : 'memory.limit_in_bytes'));
  const bytes = text === null ? NaN : Number(text);
  // v2 says "max"; v1 says LONG_MAX rounded down to a page.
  return Number.isNaN(bytes) || bytes >= 2 ** 62 ? null : bytes;
}

/** A process's cgroup in the memory hierarchy, as /proc/<pid>/cgroup tells it; null when it is gone. */
export function cgroupOfProcess(hostRoot: string, pid: number): string | null {
  const lines = read(join(hostRoot, 'proc', String(pid), 'cgroup'))?.split('\n') ?? [];
  const memory =
    lines.find((line) => /^\d+:([^:]*,)?memory(,[^:]*)?:/.test(line)) ?? lines.find((line) => line.startsWith('0::'));
  return memory?.slice(memory.indexOf(':', memory.indexOf(':') + 1) + 1) ?? null;
}

/** kubepods, quality of service, pod, container, with room for a node that runs in a container. */
const maxDepth = 8;

function folders(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  } catch {
    return []; // Gone since its parent was listed.
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}
