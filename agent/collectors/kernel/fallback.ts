import { join } from 'node:path';
import type { OomVictim } from '../../../src/model/payloads.js';
import { cgroupOfProcess, containerCgroups, limitBytes, memoryTree, oomKills, type MemoryTree } from './cgroups.js';
import { containerOfCgroup } from './container-of-cgroup.js';
import { createOomLogParser, openKernelLog, type KernelLog, type LoggedOomKill } from './kernel-log.js';

/** OOM kills without eBPF: the kernel log tells of each with its figures, and the cgroups' counters of those it does not tell of. */
export interface Fallback {
  /** Looks once. The collector does so by a timer. */
  poll(): void;
  /** What is not seen and why, in words an operator can act on. */
  readonly reasons: readonly string[];
  /** True when neither the log nor the counters can be read. */
  readonly blind: boolean;
  lost(): number;
  close(): void;
}

export interface FallbackOptions {
  readonly hostRoot: string;
  readonly onOomVictim: (victim: OomVictim) => void;
}

export function createFallback({ hostRoot, onOomVictim }: FallbackOptions): Fallback {
  const reasons: string[] = [];
  const tree = memoryTree(hostRoot);
  if (tree === null)
    reasons.push(
      `no memory cgroups below ${join(hostRoot, 'sys/fs/cgroup')}: mount the host's cgroup filesystem there`,
    );
  const log = openLog(join(hostRoot, 'dev/kmsg'), reasons);
  const parse = createOomLogParser();
  /** oom_kill of each container's cgroup when last seen. */
  let counted = tree === null ? new Map<string, number>() : countAll(tree);
  /** By path of the container: kills counted and not yet logged (above 0); while polling also those logged and not yet counted (below 0). */
  const unmatched = new Map<string, number>();

  const fromLog = (kill: LoggedOomKill): void => {
    const cgroup = kill.cgroup ?? cgroupOfProcess(hostRoot, kill.pid);
    const container = cgroup === null ? null : containerOfCgroup(cgroup);
    if (container) unmatched.set(container.path, (unmatched.get(container.path) ?? 0) - 1);
    onOomVictim({
      kind: 'oom-victim',
      witness: 'kernel-log',
      pid: kill.pid,
      comm: kill.comm,
      cgroup,
      anonRssKiB: kill.anonRssKiB,
      totalVmKiB: kill.totalVmKiB,
      oomScoreAdj: kill.oomScoreAdj,
      limitBytes: tree === null || container === null ? null : limitBytes(tree, container.path),
    });
  };

  const fromCounters = (tree: MemoryTree): void => {
    // The kernel counts a kill before it logs it, so a count may be ahead of the log for one look, and is believed at the next.
    for (const [cgroup, kills] of unmatched) {
      if (kills > 0) unmatched.delete(cgroup);
      for (let told = 0; told < kills; told++) onOomVictim(counterVictim(cgroup, limitBytes(tree, cgroup)));
    }
    const now = countAll(tree);
    for (const [cgroup, kills] of now) {
      // A container that is new since the last look began at 0.
      const more = kills - (counted.get(cgroup) ?? 0);
      if (more > 0) unmatched.set(cgroup, (unmatched.get(cgroup) ?? 0) + more);
    }
    // What is logged has been counted by now, so a log line without a count is of a cgroup that is gone, or is counted elsewhere.
    for (const [cgroup, kills] of unmatched) {
      if (kills <= 0) unmatched.delete(cgroup);
    }
    counted = now;
  };

  return {
    reasons,
    blind: tree === null && log === null,
    lost: () => log?.lost() ?? 0,
    poll() {
      for (const message of log?.read() ?? []) {
        const kill = parse(message);
        if (kill) fromLog(kill);
      }
      if (tree !== null) fromCounters(tree);
    },
    close: () => log?.close(),
  };
}

function countAll(tree: MemoryTree): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { path } of containerCgroups(tree)) {
    const kills = oomKills(tree, path);
    if (kills !== null) counts.set(path, kills);
  }
  return counts;
}

function counterVictim(cgroup: string, limitBytes: number | null): OomVictim {
  return {
    kind: 'oom-victim',
    witness: 'cgroup',
    pid: null,
    comm: null,
    cgroup,
    anonRssKiB: null,
    totalVmKiB: null,
    oomScoreAdj: null,
    limitBytes,
  };
}

function openLog(path: string, reasons: string[]): KernelLog | null {
  try {
    return openKernelLog(path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    reasons.push(
      `the kernel log cannot be read (${why}): give CAP_SYSLOG and mount /dev/kmsg; a container that dies at once is missed`,
    );
    return null;
  }
}
