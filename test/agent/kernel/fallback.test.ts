import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import {
  cgroupOfProcess,
  containerCgroups,
  limitBytes,
  memoryTree,
  oomKills,
} from '../../../agent/collectors/kernel/cgroups.js';
import { createFallback, type Fallback } from '../../../agent/collectors/kernel/fallback.js';
import { createKernelCollector } from '../../../agent/collectors/kernel/kernel.js';
import { createOomLogParser } from '../../../agent/collectors/kernel/kernel-log.js';
import type { CollectedEvent } from '../../../agent/collector.js';
import type { OomVictim } from '../../../src/model/payloads.js';
import { describeWith } from '../../servers/availability.js';
import { createContainerCgroup, eventually, hog } from './container-cgroup.js';

jest.setTimeout(30_000);

const id = 'a'.repeat(64);
const uid = 'b922f92e-8f19-46ce-9e8e-3b5c446ab5a6';
const v1Path = `/kubepods/burstable/pod${uid}/${id}`;
const v2Path = `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${uid.replaceAll('-', '_')}.slice/cri-containerd-${id}.scope`;

describe('cgroup files', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'throughline-root-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const v1 = (kills: number, path = v1Path): void => {
    write('sys/fs/cgroup/memory/memory.limit_in_bytes', '9223372036854771712\n');
    write(`sys/fs/cgroup/memory${path}/memory.limit_in_bytes`, '67108864\n');
    write(`sys/fs/cgroup/memory${path}/memory.oom_control`, `oom_kill_disable 0\nunder_oom 0\noom_kill ${kills}\n`);
  };
  const v2 = (kills: number, path = v2Path): void => {
    write('sys/fs/cgroup/cgroup.controllers', 'cpuset cpu io memory hugetlb pids\n');
    write(`sys/fs/cgroup${path}/memory.max`, '67108864\n');
    write(`sys/fs/cgroup${path}/memory.events`, `low 0\nhigh 0\nmax 7\noom 2\noom_kill ${kills}\noom_group_kill 0\n`);
  };
  const logged = (...lines: string[]): void =>
    write('dev/kmsg', lines.map((line, at) => `6,${at},5000,-;${line}\n`).join(''));

  const follow = (): { fallback: Fallback; victims: OomVictim[] } => {
    const victims: OomVictim[] = [];
    return { fallback: createFallback({ hostRoot: root, onOomVictim: (victim) => victims.push(victim) }), victims };
  };

  test('v1: kills, limit and containers are found in the memory hierarchy', () => {
    v1(3);
    write('sys/fs/cgroup/memory/system.slice/ssh.service/memory.oom_control', 'oom_kill 9\n');
    const tree = memoryTree(root)!;
    expect(tree.version).toBe(1);
    expect(containerCgroups(tree)).toEqual([{ path: v1Path, containerId: id, podUid: uid }]);
    expect(oomKills(tree, v1Path)).toBe(3);
    expect(limitBytes(tree, v1Path)).toBe(67108864);
    expect(limitBytes(tree, '')).toBeNull();
  });

  test('v2: kills, limit and containers are found in the one tree', () => {
    v2(2);
    write(`sys/fs/cgroup${v2Path}/init.scope/memory.events`, 'oom_kill 2\n');
    const tree = memoryTree(root)!;
    expect(tree.version).toBe(2);
    expect(containerCgroups(tree)).toEqual([{ path: v2Path, containerId: id, podUid: uid }]);
    expect(oomKills(tree, v2Path)).toBe(2);
    expect(limitBytes(tree, v2Path)).toBe(67108864);
    write(`sys/fs/cgroup${v2Path}/memory.max`, 'max\n');
    expect(limitBytes(tree, v2Path)).toBeNull();
  });

  test('a hybrid host, with a v2 tree that has no memory controller, is read as v1', () => {
    v1(0);
    write('sys/fs/cgroup/unified/cgroup.controllers', 'hugetlb\n');
    expect(memoryTree(root)!.version).toBe(1);
  });

  test('the cgroup of a process is that of the memory hierarchy, on v1 and on v2', () => {
    write('proc/7/cgroup', `9:name=systemd:/x\n5:cpu,memory:${v1Path}\n0::/y\n`);
    write('proc/8/cgroup', `0::${v2Path}\n`);
    expect(cgroupOfProcess(root, 7)).toBe(v1Path);
    expect(cgroupOfProcess(root, 8)).toBe(v2Path);
    expect(cgroupOfProcess(root, 9)).toBeNull();
  });

  test.each([
    ['v1', v1, v1Path],
    ['v2', v2, v2Path],
  ] as const)(
    '%s without a kernel log: what a counter rises by is told, what it stood at is not',
    (_version, count, cgroup) => {
      count(5);
      const { fallback, victims } = follow();
      fallback.poll();
      fallback.poll();
      expect(victims).toEqual([]);
      count(7);
      fallback.poll();
      fallback.poll();
      fallback.poll();
      const victim = {
        kind: 'oom-victim',
        witness: 'cgroup',
        pid: null,
        comm: null,
        cgroup,
        anonRssKiB: null,
        totalVmKiB: null,
        oomScoreAdj: null,
        limitBytes: 67108864,
      };
      expect(victims).toEqual([victim, victim]);
      expect(fallback.blind).toBe(false);
      expect(fallback.reasons.join()).toContain('the kernel log cannot be read');
      fallback.close();
    },
  );

  test('a container that is new counts from nothing, and one that is gone is forgotten', () => {
    v1(0);
    const other = v1Path.replace(id, 'b'.repeat(64));
    const { fallback, victims } = follow();
    v1(1, other);
    fallback.poll();
    fallback.poll();
    expect(victims.map(({ cgroup }) => cgroup)).toEqual([other]);
    rmSync(join(root, 'sys/fs/cgroup/memory', other), { recursive: true });
    fallback.poll();
    v1(1, other);
    fallback.poll();
    fallback.poll();
    expect(victims).toHaveLength(2);
    fallback.close();
  });

  test('with neither cgroups nor a log it is blind, and says what would help', () => {
    const { fallback } = follow();
    expect(fallback.blind).toBe(true);
    expect(fallback.reasons).toHaveLength(2);
    fallback.poll();
    fallback.close();
  });

  test('a collector without the addon says what is not seen and what would change that', async () => {
    v1(0);
    logged();
    const events: CollectedEvent[] = [];
    const collector = createKernelCollector({
      node: 'node-a',
      log: pino({ level: 'silent' }),
      registry: new Registry(),
      hostRoot: root,
      addon: { addon: null, objectFile: null, reason: 'the eBPF addon is not built: install clang' },
    });
    await collector.start((event) => events.push(event), new AbortController().signal);
    const { state, reason } = collector.health();
    expect(state).toBe('degraded');
    expect(reason).toContain('the eBPF addon is not built: install clang');
    expect(reason).toContain('OOM kills come from the kernel log and cgroup counters instead');
    expect(reason).toContain('process exits are not seen');
    v1(1);
    await collector.drain!();
    const watermark = await collector.drain!();
    expect(events).toHaveLength(1);
    expect(events[0]!.metadata).toEqual({ node: 'node-a', containerId: id, podUid: uid });
    expect(events[0]!.timestamp >= watermark).toBe(true);
    await collector.stop();
    expect(collector.health().state).toBe('down');
  });

  test('a collector that can see nothing is down, and does not throw', async () => {
    const collector = createKernelCollector({
      node: 'node-a',
      log: pino({ level: 'silent' }),
      registry: new Registry(),
      hostRoot: root,
      addon: { addon: null, objectFile: null, reason: 'not built' },
    });
    await collector.start(() => {}, new AbortController().signal);
    expect(collector.health()).toMatchObject({ state: 'down', reason: expect.stringContaining('no OOM kill is seen') });
    await collector.stop();
  });
});

describe('the kernel log', () => {
  const figures =
    'total-vm:1021240kB, anon-rss:64040kB, file-rss:36864kB, shmem-rss:0kB, UID:0 pgtables:1080kB oom_score_adj:985';
  const announcement = (pid: number) =>
    `oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=${id},mems_allowed=0,oom_memcg=${v1Path},task_memcg=${v1Path},task=node,pid=${pid},uid=0`;

  test('a memory cgroup at its limit: who was killed, and in which cgroup', () => {
    const parse = createOomLogParser();
    expect(parse('node invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=985')).toBeNull();
    expect(parse(announcement(4711))).toBeNull();
    expect(parse(`Memory cgroup out of memory: Killed process 4711 (node) ${figures}`)).toEqual({
      pid: 4711,
      comm: 'node',
      totalVmKiB: 1021240,
      anonRssKiB: 64040,
      oomScoreAdj: 985,
      constraint: 'CONSTRAINT_MEMCG',
      limitedCgroup: v1Path,
      cgroup: v1Path,
    });
  });

  test('a node out of memory is told from a cgroup at its limit', () => {
    const parse = createOomLogParser();
    parse(
      `oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=${v2Path},task=java,pid=12,uid=1000`,
    );
    expect(parse(`Out of memory: Killed process 12 (java) ${figures}`)).toMatchObject({
      pid: 12,
      constraint: 'CONSTRAINT_NONE',
      limitedCgroup: null,
      cgroup: v2Path,
    });
  });

  test('a kill without its announcement, or with that of another, has no cgroup', () => {
    const parse = createOomLogParser();
    parse(announcement(1));
    expect(parse(`Memory cgroup out of memory: Killed process 2 (a (b) c) ${figures}`)).toMatchObject({
      pid: 2,
      comm: 'a (b) c',
      constraint: 'CONSTRAINT_MEMCG',
      cgroup: null,
    });
    expect(parse(`Memory cgroup out of memory: Killed process 1 (node) ${figures}`)).toMatchObject({ cgroup: null });
  });

  test('the forms of older kernels', () => {
    const parse = createOomLogParser();
    expect(
      parse(
        'Memory cgroup out of memory: Killed process 9 (java) total-vm:5kB, anon-rss:4kB, file-rss:0kB, shmem-rss:0kB',
      ),
    ).toMatchObject({
      pid: 9,
      anonRssKiB: 4,
      oomScoreAdj: null,
    });
    expect(
      parse('Memory cgroup out of memory: Killed process 9 (java), UID 1000, total-vm:5kB, anon-rss:4kB, file-rss:0kB'),
    ).toMatchObject({
      pid: 9,
      comm: 'java',
    });
    expect(parse('Killed by something else')).toBeNull();
  });
});

describeWith(['ebpf'], 'the fallback on this kernel', () => {
  test('without the addon an OOM kill is told once, from the kernel log, with its container', async () => {
    const container = createContainerCgroup(96 * 1024 * 1024);
    const events: CollectedEvent[] = [];
    const collector = createKernelCollector({
      node: 'node-a',
      log: pino({ level: 'silent' }),
      registry: new Registry(),
      addon: { addon: null, objectFile: null, reason: 'not built' },
    });
    await collector.start((event) => events.push(event), new AbortController().signal);
    const child = container.spawn(hog);
    const mine = () => events.filter(({ metadata }) => metadata.containerId === container.containerId);
    const event = await eventually(() => mine()[0]);
    expect(event.data).toMatchObject({
      witness: 'kernel-log',
      pid: child.pid,
      comm: 'node',
      cgroup: container.path,
      limitBytes: container.limitBytes,
    });
    expect(event.metadata.podUid).toBe(container.podUid);
    for (let look = 0; look < 4; look++) await collector.drain!();
    expect(mine()).toHaveLength(1);
    await collector.stop();
    await container.remove();
  });
});
