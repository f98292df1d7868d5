import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { memoryTree } from '../../../agent/collectors/kernel/cgroups.js';

/** A real memory cgroup of this machine, named as kubelet and containerd name a container's, to run processes in. */
export interface ContainerCgroupUnderTest {
  readonly containerId: string;
  readonly podUid: string;
  /** As events give it: from the root of the memory hierarchy. */
  readonly path: string;
  readonly limitBytes: number;
  /** A shell in the cgroup that runs the script; stdio is ignored. */
  spawn(script: string, cwd?: string): ChildProcess;
  run(script: string, cwd?: string): void;
  /** Ends what still runs in it. */
  remove(): Promise<void>;
}

export function createContainerCgroup(limitBytes: number): ContainerCgroupUnderTest {
  const tree = memoryTree('/');
  if (tree === null) throw new Error('no memory cgroup hierarchy on this machine');
  const containerId = randomBytes(32).toString('hex');
  const podUid = randomUUID();
  // Not below the real /kubepods: kubelet removes what it does not know there.
  const names = [`throughline-test-${process.pid}`, 'kubepods', 'burstable', `pod${podUid}`, containerId];
  const folders = names.map((_, index) => join(tree.folder, ...names.slice(0, index + 1)));
  for (const [index, folder] of folders.entries()) {
    if (!existsSync(folder)) mkdirSync(folder);
    if (tree.version === 2 && index < folders.length - 1)
      writeFileSync(join(folder, 'cgroup.subtree_control'), '+memory');
  }
  const leaf = folders.at(-1)!;
  writeFileSync(join(leaf, tree.version === 2 ? 'memory.max' : 'memory.limit_in_bytes'), String(limitBytes));
  // Without swap, so that the limit is met by the OOM killer.
  const swap = join(leaf, tree.version === 2 ? 'memory.swap.max' : 'memory.memsw.limit_in_bytes');
  if (existsSync(swap)) writeFileSync(swap, tree.version === 2 ? '0' : String(limitBytes));

  const inside = (script: string): string[] => ['-c', `echo $$ > ${join(leaf, 'cgroup.procs')} && ${script}`];
  return {
    containerId,
    podUid,
    path: `/${names.join('/')}`,
    limitBytes,
    spawn: (script, cwd = '/') => spawn('/bin/sh', inside(script), { stdio: 'ignore', cwd }),
    run: (script, cwd = '/') => void spawnSync('/bin/sh', inside(script), { stdio: 'ignore', cwd }),
    async remove() {
      // A process may be listed for a moment after it was waited for, and an ended one's children run on.
      await eventually(() => {
        for (const pid of readFileSync(join(leaf, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean)) {
          try {
            process.kill(Number(pid), 'SIGKILL');
          } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
          }
        }
        return removed(leaf) || undefined;
      });
      // The upper ones may hold a container of another test, whose they are then to remove.
      for (const folder of folders.slice(0, -1).toReversed()) removed(folder);
    },
  };
}

function removed(cgroup: string): boolean {
  try {
    rmdirSync(cgroup);
    return true;
  } catch (error) {
    if (['EBUSY', 'ENOTEMPTY'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

/** Touches memory until the kernel ends it. */
export const hog = `exec ${process.execPath} -e 'const kept = []; for (;;) kept.push(Buffer.alloc(4 * 1024 * 1024, 1))'`;

/**
 * Fills the cgroup without having memory itself (a file in memory belongs to no process), so that the OOM killer, run by this process,
 * chooses another one. Returns its pid, and how to clean up.
 */
export async function victimOfAnother(
  container: ContainerCgroupUnderTest,
): Promise<{ pid: number; clean: () => void }> {
  const { pid } = container.spawn('echo 1000 > /proc/$$/oom_score_adj && exec sleep 1000');
  await eventually(() => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'sleep\n' || undefined);
  const file = `/dev/shm/throughline-${pid}`;
  container.spawn(`exec dd if=/dev/zero of=${file} bs=1M count=${Math.ceil(container.limitBytes / 1024 / 1024) * 2}`);
  return { pid: pid!, clean: () => rmSync(file, { force: true }) };
}

/** Looks again until it is there, some thousands of times: then it never will be. */
export async function eventually<T>(look: () => T | undefined): Promise<T> {
  for (let looks = 0; looks < 3_000; looks++) {
    const found = look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error('it did not come about');
}
