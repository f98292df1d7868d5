import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeOomVictim, decodeProcessExit, layout, recordsOf } from '../../../agent/collectors/kernel/decode.js';
import { describeWith } from '../../servers/availability.js';

describeWith(['clang'], 'decode.ts against agent/bpf/events.h', () => {
  let folder: string;
  let tool: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'throughline-layout-'));
    tool = join(folder, 'layout');
    const headers = join(import.meta.dirname, '../../../agent/bpf');
    execFileSync('clang', ['-Wall', '-Werror', '-I', headers, join(import.meta.dirname, 'layout.c'), '-o', tool]);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('every offset, size and constant is the one that the compiler gives', () => {
    expect(JSON.parse(execFileSync(tool, { encoding: 'utf8' }))).toEqual(layout);
  });

  test('a batch that C wrote decodes to the payloads it means', () => {
    const bytes = execFileSync(tool, ['golden']);
    const batch = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    const [victim, ended, unknown, ...rest] = [...recordsOf(batch)];
    expect(rest).toEqual([]);

    const id = '0123456789abcdef'.repeat(4);
    expect(victim!.kind).toBe(1);
    expect(decodeOomVictim(victim!.view, 4096)).toEqual({
      boottimeNs: 1234567890123456789n,
      cgroupIsAGuess: false,
      data: {
        kind: 'oom-victim',
        witness: 'ebpf',
        pid: 4194303,
        comm: 'fifteen-letters',
        cgroup: `/kubepods/burstable/pod01234567-89ab-cdef-0123-456789abcdef/${id}`,
        anonRssKiB: 64_000,
        totalVmKiB: 20_000_000_000,
        oomScoreAdj: -998,
        limitBytes: 64 * 1024 * 1024,
      },
    });
    expect(decodeOomVictim(victim!.view, 65536).data).toMatchObject({ anonRssKiB: 1_024_000, limitBytes: 1024 ** 3 });

    expect(ended!.kind).toBe(2);
    expect(decodeProcessExit(ended!.view)).toEqual({
      boottimeNs: 9007199254740993n,
      cgroupIsAGuess: false,
      data: {
        kind: 'process-exit',
        witness: 'ebpf',
        pid: 77,
        parentPid: 66,
        comm: 'café',
        exitCode: 0,
        signal: 11,
        coreDumped: true,
        containerInit: true,
        durationMs: 2.5,
        cgroup: `outer.slice/kubepods/burstable/pod01234567-89ab-cdef-0123-456789abcdef/${id}`,
      },
    });

    expect(decodeOomVictim(unknown!.view, 4096)).toMatchObject({
      cgroupIsAGuess: true,
      data: {
        pid: 4194303,
        comm: null,
        cgroup: '/',
        anonRssKiB: null,
        totalVmKiB: null,
        oomScoreAdj: null,
        limitBytes: null,
      },
    });
  });
});
