import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createKernelCollector } from '../../../agent/collectors/kernel/kernel.js';
import type { CollectedEvent, Collector } from '../../../agent/collector.js';
import type { OomVictim, ProcessExit } from '../../../src/model/payloads.js';
import { toEpochMs } from '../../../src/model/time.js';
import { describeWith } from '../../servers/availability.js';
import {
  createContainerCgroup,
  eventually,
  hog,
  victimOfAnother,
  type ContainerCgroupUnderTest,
} from './container-cgroup.js';

jest.setTimeout(30_000);

const MiB = 1024 * 1024;

describeWith(['ebpf'], 'the kernel collector on this kernel', () => {
  let container: ContainerCgroupUnderTest;
  let collector: Collector;
  let registry: Registry;
  let events: CollectedEvent[];

  beforeEach(async () => {
    container = createContainerCgroup(96 * MiB);
    events = [];
    registry = new Registry();
    collector = createKernelCollector({ node: 'node-a', log: pino({ level: 'silent' }), registry });
    await collector.start((event) => events.push(event), new AbortController().signal);
  });

  afterEach(async () => {
    await collector.stop();
    await container.remove();
  });

  const mine = (kind: string) =>
    events.filter((event) => event.data.kind === kind && event.metadata.containerId === container.containerId);
  const exits = () => mine('process-exit').map((event) => event.data as unknown as ProcessExit);
  const exit = (select: (exit: ProcessExit) => boolean) => eventually(() => exits().find(select));

  test('attaches every program and is healthy', () => {
    expect(collector.health()).toEqual({ state: 'healthy', reason: null, lost: 0 });
  });

  test('names the victim of the OOM killer, its figures, its container and its pod', async () => {
    const child = container.spawn(hog);
    const event = await eventually(() => mine('oom-victim')[0]);
    const victim = event.data as unknown as OomVictim;

    expect(event.type).toBe('ebpf');
    expect(event.metadata).toEqual({ node: 'node-a', containerId: container.containerId, podUid: container.podUid });
    expect(victim).toMatchObject({
      witness: 'ebpf',
      pid: child.pid,
      comm: 'node',
      cgroup: container.path,
      limitBytes: container.limitBytes,
      oomScoreAdj: Number(readFileSync('/proc/self/oom_score_adj', 'utf8')),
    });
    expect(victim.anonRssKiB! * 1024).toBeGreaterThan(container.limitBytes / 4);
    expect(victim.anonRssKiB! * 1024).toBeLessThanOrEqual(container.limitBytes);
    expect(victim.totalVmKiB!).toBeGreaterThan(victim.anonRssKiB!);
    expect(await exit(({ pid }) => pid === child.pid)).toMatchObject({ signal: 9, exitCode: 0 });
  });

  test('the victim is whom the kernel chose, not who asked for memory', async () => {
    const { pid, clean } = await victimOfAnother(container);
    const victim = (await eventually(() => mine('oom-victim')[0])).data as unknown as OomVictim;
    clean();
    expect(victim).toMatchObject({ pid, comm: 'sleep', oomScoreAdj: 1000, cgroup: container.path });
    expect(victim.anonRssKiB! * 1024).toBeLessThan(container.limitBytes / 4);
  });

  test('the OOM victim is told of before its own exit, both in wall-clock time', async () => {
    const beforeMs = Date.now();
    const child = container.spawn(hog);
    await exit(({ pid }) => pid === child.pid);
    const [oom, end] = [mine('oom-victim')[0]!, mine('process-exit').find(({ data }) => data.pid === child.pid)!];
    expect(oom.timestamp < end.timestamp).toBe(true);
    expect(toEpochMs(oom.timestamp)).toBeGreaterThanOrEqual(beforeMs);
    expect(toEpochMs(end.timestamp)).toBeLessThanOrEqual(Date.now() + 1);
  });

  test('tells the exit code of a process that ended by itself', async () => {
    const child = container.spawn('exit 3');
    expect(await exit(({ pid }) => pid === child.pid)).toEqual({
      kind: 'process-exit',
      witness: 'ebpf',
      pid: child.pid,
      parentPid: process.pid,
      comm: 'sh',
      exitCode: 3,
      signal: 0,
      coreDumped: false,
      containerInit: null,
      durationMs: expect.any(Number),
      cgroup: container.path,
    });
  });

  test('tells SIGKILL from an exit code', async () => {
    const child = container.spawn('kill -KILL $$');
    expect(await exit(({ pid }) => pid === child.pid)).toMatchObject({ exitCode: 0, signal: 9, coreDumped: false });
  });

  test('tells SIGSEGV, and whether a core was dumped', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'throughline-core-'));
    const dumped = container.spawn('ulimit -c unlimited && kill -SEGV $$', folder);
    const event = await exit(({ pid }) => pid === dumped.pid);
    expect(event).toMatchObject({ exitCode: 0, signal: 11 });
    // A core_pattern that pipes to a program leaves no file to compare with.
    const piped = readFileSync('/proc/sys/kernel/core_pattern', 'utf8').startsWith('|');
    if (!piped) {
      expect(event.coreDumped).toBe(readdirSync(folder).some((name) => name.startsWith('core')));
      const bare = container.spawn('ulimit -c 0 && kill -SEGV $$', folder);
      expect(await exit(({ pid }) => pid === bare.pid)).toMatchObject({ signal: 11, coreDumped: false });
    }
    rmSync(folder, { recursive: true });
  });

  test('a process of many threads ends once, with the code of exit_group', async () => {
    const worker = `new (require("worker_threads").Worker)("setInterval(() => {}, 1000)", { eval: true }).once("online", () => process.exit(7))`;
    const child = container.spawn(`exec ${process.execPath} -e '${worker}'`);
    expect(await exit(({ pid }) => pid === child.pid)).toMatchObject({ exitCode: 7, signal: 0 });
    const marker = container.spawn('exit 99');
    await exit(({ pid }) => pid === marker.pid);
    expect(exits().filter(({ pid }) => pid === child.pid)).toHaveLength(1);
  });

  test('knows the first process of a container, and its children, by their pid namespace', async () => {
    container.spawn(`exec unshare --pid --fork sh -c 'sh -c "exit 5"; exit 6'`);
    expect((await exit(({ exitCode }) => exitCode === 5)).containerInit).toBe(false);
    expect((await exit(({ exitCode, comm }) => exitCode === 6 && comm === 'sh')).containerInit).toBe(true);
  });

  test('children that end well, and processes outside of containers, are passed over and counted', async () => {
    container.run('true; /bin/true; /bin/true; exit 4');
    const outside = container.spawn('exit 4');
    await exit(({ pid }) => pid === outside.pid);
    expect(exits().every(({ exitCode }) => exitCode === 4)).toBe(true);
    expect(events.every(({ metadata }) => metadata.containerId !== undefined)).toBe(true);
    expect(await registry.metrics()).toMatch(
      /throughline_kernel_hook_events_total\{hook="process-exit",outcome="skipped"\} [1-9]/,
    );
  });

  test("runc's own stages are not the container's, unless one fails", async () => {
    container.run('printf "runc:[1:CHILD]" > /proc/$$/comm; exit 0');
    container.run('printf "runc:[2:INIT]" > /proc/$$/comm; exit 127');
    expect(await exit(({ exitCode }) => exitCode === 127)).toMatchObject({ comm: 'runc:[2:INIT]' });
    expect(exits()).toHaveLength(1);
  });

  test('no kernel structure was unreadable', async () => {
    container.run('exit 3');
    await eventually(() => exits()[0]);
    expect(await registry.metrics()).toContain(
      'throughline_kernel_hook_events_total{hook="process-exit",outcome="errors"} 0',
    );
    expect(await registry.metrics()).toContain(
      'throughline_kernel_hook_events_total{hook="oom-victim",outcome="errors"} 0',
    );
  });

  test('what happened before drain() is in the sink when it returns, and later events are not before its watermark', async () => {
    container.run('exit 3');
    const watermark = await collector.drain!();
    expect(exits()).toHaveLength(1);
    const before = events.length;
    container.run('exit 3');
    await eventually(() => exits()[1]);
    for (const event of events.slice(before)) expect(event.timestamp > watermark).toBe(true);
  });

  test('stop() leaves no program, map, link or thread behind, and can be followed by another start', async () => {
    await collector.stop();
    const kernelThings = () =>
      readdirSync('/proc/self/fdinfo').filter((fd) => {
        const info = existsSync(`/proc/self/fdinfo/${fd}`) ? readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8') : '';
        return /^(prog_id|map_id|link_id|link_type|eventfd-count):?/m.test(info);
      }).length;
    const bare = { things: kernelThings(), threads: readdirSync('/proc/self/task').length };
    await collector.start((event) => events.push(event), new AbortController().signal);
    expect(kernelThings()).toBeGreaterThan(bare.things);
    await collector.stop();
    expect({ things: kernelThings(), threads: readdirSync('/proc/self/task').length }).toEqual(bare);
    const seen = events.length;
    container.run('exit 3');
    expect(events).toHaveLength(seen);
    expect(collector.health()).toMatchObject({ state: 'down', reason: 'stopped' });
  });
});
