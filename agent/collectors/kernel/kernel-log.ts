import { closeSync, constants, openSync, readSync } from 'node:fs';

/** One OOM kill as the kernel log tells it. */
export interface LoggedOomKill {
  readonly pid: number;
  readonly comm: string;
  readonly totalVmKiB: number;
  readonly anonRssKiB: number;
  readonly oomScoreAdj: number | null;
  /**
   * `CONSTRAINT_MEMCG` when a memory cgroup was at its limit, `CONSTRAINT_NONE` when the node was out of memory; null when the line that
   * says so was left out: the kernel prints it for at most ten kills in five seconds (oom_kill_process, oom_rs).
   */
  readonly constraint: string | null;
  /** The cgroup whose limit was hit, and the victim's own; null as above. */
  readonly limitedCgroup: string | null;
  readonly cgroup: string | null;
}

/** Told one message after the other; says when one completes a kill. */
export function createOomLogParser(): (message: string) => LoggedOomKill | null {
  // The line with the cgroups comes before the one with the figures (dump_oom_victim, then __oom_kill_process), for the same pid.
  let announced: { pid: number; constraint: string; limitedCgroup: string | null; cgroup: string | null } | null = null;
  return (message) => {
    const announcement =
      /^oom-kill:constraint=(\w+),.*?(?:,oom_memcg=(.*?)|,global_oom)?,task_memcg=(.*),task=.*,pid=(\d+),uid=\d+$/.exec(
        message,
      );
    if (announcement) {
      const [, constraint, limitedCgroup, cgroup, pid] = announcement;
      announced = {
        pid: Number(pid),
        constraint: constraint!,
        limitedCgroup: limitedCgroup ?? null,
        cgroup: cgroup ?? null,
      };
      return null;
    }
    const kill =
      /^(Memory cgroup out of memory|Out of memory[^:]*): Killed process (\d+) \((.*)\)(?:, UID \d+,)? total-vm:(\d+)kB, anon-rss:(\d+)kB(?:.* oom_score_adj:(-?\d+))?/.exec(
        message,
      );
    if (!kill) return null;
    const [, what, pid, comm, totalVm, anonRss, adjustment] = kill;
    const cgroups = announced?.pid === Number(pid) ? announced : null;
    announced = null;
    return {
      pid: Number(pid),
      comm: comm!,
      totalVmKiB: Number(totalVm),
      anonRssKiB: Number(anonRss),
      oomScoreAdj: adjustment === undefined ? null : Number(adjustment),
      constraint: cgroups?.constraint ?? (what === 'Memory cgroup out of memory' ? 'CONSTRAINT_MEMCG' : null),
      limitedCgroup: cgroups?.limitedCgroup ?? null,
      cgroup: cgroups?.cgroup ?? null,
    };
  };
}

export interface KernelLog {
  /** Messages since the last call, oldest first. */
  read(): string[];
  /** Records that were overwritten before they were read. */
  lost(): number;
  close(): void;
}

/**
 * /dev/kmsg from now on: what is in it already is of the past and is passed over. Throws when it cannot be opened (without
 * CAP_SYSLOG under kernel.dmesg_restrict=1, or not mounted into the container).
 */
export function openKernelLog(path: string): KernelLog {
  // Each read(2) gives one record, EAGAIN when there is none, EPIPE when the next one has been overwritten (kernel/printk/printk.c).
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const buffer = Buffer.alloc(8192); // PRINTKRECORD_MAX is 2048 since 6.x and CONSOLE_EXT_LOG_MAX was 8192 before.
  let nextSequence: number | null = null;
  let lost = 0;

  const read = (): string[] => {
    const messages: string[] = [];
    for (;;) {
      let length: number;
      try {
        length = readSync(fd, buffer);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EPIPE') continue;
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return messages;
        throw error;
      }
      if (length === 0) return messages;
      // "priority,sequence,microseconds,flags;message\n", then lines with a blank in front: a dictionary.
      const record = buffer.toString('utf8', 0, length);
      const head = record.slice(0, record.indexOf(';')).split(',');
      const sequence = Number(head[1]);
      if (nextSequence !== null && sequence > nextSequence) lost += sequence - nextSequence;
      nextSequence = sequence + 1;
      messages.push(record.slice(record.indexOf(';') + 1).split('\n', 1)[0]!);
    }
  };

  try {
    read();
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  lost = 0;
  return { read, lost: () => lost, close: () => closeSync(fd) };
}
