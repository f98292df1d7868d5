import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  decodeOomVictim,
  decodeProcessExit,
  layout,
  recordsOf,
  type KernelRecord,
} from '../../../agent/collectors/kernel/decode.js';
import { load, type KernelSession, type SessionOptions } from '../../../agent/native/addon.js';
import type { OomVictim, ProcessExit } from '../../../src/model/payloads.js';
import { describeWith } from '../../servers/availability.js';
import {
  createContainerCgroup,
  eventually,
  hog,
  victimOfAnother,
  type ContainerCgroupUnderTest,
} from './container-cgroup.js';

jest.setTimeout(30_000);

const { EVENT_OOM_VICTIM, EVENT_PROCESS_EXIT } = layout.constants;

describeWith(['ebpf'], 'a session of the addon', () => {
  let container: ContainerCgroupUnderTest;
  let session: KernelSession | null;
  let batches: ArrayBuffer[];

  beforeEach(() => {
    container = createContainerCgroup(96 * 1024 * 1024);
    session = null;
    batches = [];
  });
  afterEach(async () => {
    session?.close();
    await container.remove();
  });

  const open = (objects: SessionOptions['objects'], options: Partial<SessionOptions> = {}): KernelSession => {
    const { addon, reason } = load();
    if (addon === null) throw new Error(reason);
    session = new addon.Session(
      {
        objects,
        eventsRingBytes: 1024 * 1024,
        priorityRingBytes: 64 * 1024,
        maxPendingBytes: 1024 * 1024,
        lingerMs: 0,
        ...options,
      },
      (batch) => batches.push(batch),
    );
    return session;
  };
  const program = (name: string, constants: Readonly<Record<string, number>> = {}) => ({
    name,
    file: load().objectFile!(name),
    constants,
  });
  const decoded = (): KernelRecord<OomVictim | ProcessExit>[] =>
    batches.flatMap((batch) =>
      [...recordsOf(batch)].map(({ kind, view }) =>
        kind === EVENT_OOM_VICTIM ? decodeOomVictim(view, 4096) : decodeProcessExit(view),
      ),
    );
  const mine = () => decoded().filter(({ data }) => data.cgroup === container.path);

  test('a process whose threads end all at once is told of once', async () => {
    open([program('process-exit')]);
    const threads = `const { Worker } = require("worker_threads"); for (let i = 0; i < 8; i++) new Worker("0", { eval: true }); process.exitCode = 5`;
    for (let round = 0; round < 3; round++) container.run(`exec ${process.execPath} -e '${threads}'`);
    container.run('exit 99');
    await eventually(() => mine().find(({ data }) => (data as ProcessExit).exitCode === 99));
    expect(mine().map(({ data }) => (data as ProcessExit).exitCode)).toEqual([5, 5, 5, 99]);
  });

  test('the way of kernels before 6.8, by the pid alone, still has the victim where it is the task that ran out', async () => {
    open([program('oom-victim', { only_pid: 1 })]);
    const child = container.spawn(hog);
    const { data } = await eventually(() => mine()[0]);
    // V8 may run out of memory in another thread than the one that the killer names; then only the pid and the cgroup are known.
    expect(data).toMatchObject({ pid: child.pid, cgroup: container.path, limitBytes: container.limitBytes });
  });

  test('the way of kernels before 6.8 knows of another victim its pid, and whose memory cgroup it was', async () => {
    open([program('oom-victim', { only_pid: 1 })]);
    const { pid, clean } = await victimOfAnother(container);
    const record = await eventually(() => mine()[0]);
    clean();
    expect(record).toMatchObject({
      cgroupIsAGuess: true,
      data: { pid, comm: null, anonRssKiB: null, limitBytes: container.limitBytes },
    });
  });

  test('when JavaScript does not come to take events, the ring fills, and every drop is counted', () => {
    // One record is held, four fit into a page; this test never yields, so nobody takes them.
    const { drain, counters } = bound(open([program('process-exit')], { eventsRingBytes: 4096, maxPendingBytes: 1 }));
    for (let round = 0; round < 40; round++) container.run('exit 3');
    const { dropped } = counters(EVENT_PROCESS_EXIT);
    expect(dropped).toBeGreaterThan(0);
    for (let batch = drain(); batch !== null; batch = drain()) batches.push(batch);
    expect(mine().length).toBeGreaterThan(0);
    expect(mine().length).toBeLessThan(40);
    // Other containers of this machine may have dropped some, too.
    expect(mine().length + dropped).toBeGreaterThanOrEqual(40);
  });

  test('a full ring of exits leaves an OOM kill its room', async () => {
    const { drain, counters } = bound(
      open([program('oom-victim'), program('process-exit')], { eventsRingBytes: 4096, maxPendingBytes: 1 }),
    );
    for (let round = 0; round < 20; round++) container.run('exit 3');
    container.run(hog);
    expect(counters(EVENT_PROCESS_EXIT).dropped).toBeGreaterThan(0);
    expect(counters(EVENT_OOM_VICTIM).dropped).toBe(0);
    for (let batch = drain(); batch !== null; batch = drain()) batches.push(batch);
    expect(mine().filter(({ data }) => data.kind === 'oom-victim')).toHaveLength(1);
  });

  test('a program that cannot be had is left out with its reason, and the others run', async () => {
    const missing = { name: 'nowhere', file: '/nowhere.bpf.o', constants: {} };
    const misspelt = program('oom-victim', { page_bites: 4096 });
    const { hooks } = open([missing, misspelt, program('process-exit')]);
    expect(hooks).toEqual([
      { name: 'nowhere', reason: expect.stringContaining('cannot open /nowhere.bpf.o: No such file or directory') },
      { name: 'oom-victim', reason: 'the program has no constant page_bites' },
      { name: 'process-exit', reason: null },
    ]);
    container.run('exit 3');
    await eventually(() => mine()[0]);
  });

  test('with no program at all a session is there, says why, and is empty', () => {
    const { hooks, drain, counters, close } = bound(open([{ name: 'nowhere', file: '/nowhere.bpf.o', constants: {} }]));
    expect(hooks).toHaveLength(1);
    expect(drain()).toBeNull();
    expect(counters(EVENT_PROCESS_EXIT)).toEqual({ emitted: 0, dropped: 0, errors: 0, skipped: 0 });
    close();
    close();
  });

  test('a closed session says nothing more, however often it is asked', () => {
    const { drain, counters, close } = bound(open([program('process-exit')]));
    container.run('exit 3');
    close();
    expect(drain()).toBeNull();
    expect(counters(EVENT_PROCESS_EXIT).emitted).toBe(0);
    close();
  });
});

describeWith(['ebpf'], 'the programs with less than root', () => {
  // In a process of its own, since rights are given up for good.
  const hooksWith = (capabilities: string): string =>
    execFileSync(
      'setpriv',
      ['--bounding-set', capabilities, '--inh-caps', '-all', process.execPath, '-e', script, addonFile, ...objectFiles],
      { encoding: 'utf8' },
    );
  const script = `
    const [addonFile, ...files] = process.argv.slice(1);
    const module_ = { exports: {} };
    process.dlopen(module_, addonFile);
    const objects = files.map((file) => ({ name: file, file, constants: {} }));
    const session = new module_.exports.Session({ objects, eventsRingBytes: 4096, priorityRingBytes: 4096, maxPendingBytes: 1, lingerMs: 0 }, () => {});
    console.log(session.hooks.map(({ reason }) => reason ?? 'attached').join('\\n'));
    session.close();`;
  const objectFiles = ['oom-victim', 'process-exit'].map((name) => load().objectFile?.(name) ?? '');
  const addonFile = join(import.meta.dirname, '../../../agent/native/build/Release/kernel.node');

  test('CAP_BPF and CAP_PERFMON are enough', () => {
    // Before Linux 5.11 maps count as locked memory, whose limit takes CAP_SYS_RESOURCE to raise.
    expect(hooksWith('-all,+bpf,+perfmon').trim().split('\n')).toEqual(['attached', 'attached']);
  });

  test('without any capability each is refused, and says so', () => {
    for (const reason of hooksWith('-all').trim().split('\n')) {
      expect(reason).toContain('the kernel refused the program: Operation not permitted');
    }
  });
});

describeWith(['ebpf', 'clang'], 'a program for a kernel that is not this one', () => {
  test('is left out, since its tracepoint is not there', () => {
    const folder = mkdtempSync(join(tmpdir(), 'throughline-bpf-'));
    const source = join(folder, 'unknown.bpf.c');
    writeFileSync(
      source,
      `#include "channel.h"
      char LICENSE[] SEC("license") = "Dual BSD/GPL";
      SEC("raw_tp/no_such_tracepoint")
      int unknown(void *ctx) { struct hook_counters *row = counters_of(3); if (row) row->emitted++; return bpf_ringbuf_query(&events, 0) + bpf_ringbuf_query(&priority, 0) > 0; }`,
    );
    const multiarch = execFileSync('cc', ['-print-multiarch'], { encoding: 'utf8' }).trim();
    const includes = ['-I', join(import.meta.dirname, '../../../agent/bpf'), '-idirafter', `/usr/include/${multiarch}`];
    const file = join(folder, 'unknown.bpf.o');
    execFileSync('clang', ['-target', 'bpf', '-g', '-O2', ...includes, '-c', source, '-o', file]);
    const { addon } = load();
    const session = new addon!.Session(
      {
        objects: [{ name: 'unknown', file, constants: {} }],
        eventsRingBytes: 4096,
        priorityRingBytes: 4096,
        maxPendingBytes: 1,
        lingerMs: 0,
      },
      () => {},
    );
    expect(session.hooks).toEqual([
      { name: 'unknown', reason: 'this kernel has no tracepoint for raw_tp/no_such_tracepoint' },
    ]);
    session.close();
    rmSync(folder, { recursive: true });
  });
});

/** Native methods use `this`: bound, they can be taken off the session. */
function bound(session: KernelSession): KernelSession {
  return {
    hooks: session.hooks,
    drain: () => session.drain(),
    counters: (kind) => session.counters(kind),
    close: () => session.close(),
  };
}
