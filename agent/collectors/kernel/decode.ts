import { endianness } from 'node:os';
import type { OomVictim, ProcessExit } from '../../../src/model/payloads.js';

/**
 * Offsets of agent/bpf/events.h, in bytes. layout.test.ts prints the compiler's own from that header and compares.
 */
export const layout = {
  event_header: { size: 0, kind: 2, boottime_ns: 8, sizeof: 16 },
  cgroup_lineage: { levels: 0, reaches_root: 1, below: 2, in_container: 3, names: 8, sizeof: 768 },
  oom_victim: {
    anon_rss_pages: 16,
    total_vm_pages: 24,
    limit_pages: 32,
    pid: 40,
    oom_score_adj: 44,
    lineage_of_current: 46,
    comm: 48,
    lineage: 64,
    sizeof: 832,
  },
  process_exit: {
    started_boottime_ns: 16,
    pid: 24,
    parent_pid: 28,
    wait_status: 32,
    container_init: 36,
    comm: 40,
    lineage: 56,
    sizeof: 824,
  },
  constants: { COMM_BYTES: 16, CGROUP_NAME_BYTES: 152, CGROUP_LEVELS: 5, EVENT_OOM_VICTIM: 1, EVENT_PROCESS_EXIT: 2 },
} as const;

export interface KernelRecord<Data> {
  readonly boottimeNs: bigint;
  readonly data: Data;
  /** True when the kernel gave only the victim's pid, and the cgroup is that of the task that ran out of memory. */
  readonly cgroupIsAGuess: boolean;
}

/** Cuts a batch into records: kind and where each begins. Throws when the bytes are not whole records, which is a bug of this build. */
export function* recordsOf(batch: ArrayBuffer): Generator<{ readonly kind: number; readonly view: DataView }> {
  const all = new DataView(batch);
  let at = 0;
  while (at < batch.byteLength) {
    const size = at + layout.event_header.sizeof <= batch.byteLength ? all.getUint16(at, littleEndian) : 0;
    if (size < layout.event_header.sizeof || at + size > batch.byteLength) {
      throw new RangeError(
        `record of ${size} bytes at ${at} of ${batch.byteLength}: addon and programs are of different builds`,
      );
    }
    yield { kind: all.getUint8(at + layout.event_header.kind), view: new DataView(batch, at, size) };
    at += size;
  }
}

export function decodeOomVictim(view: DataView, pageBytes: number): KernelRecord<OomVictim> {
  const at = layout.oom_victim;
  const cgroupIsAGuess = view.getUint8(at.lineage_of_current) === 1;
  const limitPages = view.getBigUint64(at.limit_pages, littleEndian);
  const kibibytes = (offset: number): number => (Number(view.getBigUint64(offset, littleEndian)) * pageBytes) / 1024;
  return {
    boottimeNs: boottimeOf(view),
    cgroupIsAGuess,
    data: {
      kind: 'oom-victim',
      witness: 'ebpf',
      pid: view.getUint32(at.pid, littleEndian),
      comm: cgroupIsAGuess ? null : text(view, at.comm, layout.constants.COMM_BYTES),
      cgroup: cgroupPath(view, at.lineage),
      anonRssKiB: cgroupIsAGuess ? null : kibibytes(at.anon_rss_pages),
      totalVmKiB: cgroupIsAGuess ? null : kibibytes(at.total_vm_pages),
      oomScoreAdj: cgroupIsAGuess ? null : view.getInt16(at.oom_score_adj, littleEndian),
      limitBytes: limitPages === noLimit ? null : Number(limitPages) * pageBytes,
    },
  };
}

export function decodeProcessExit(view: DataView): KernelRecord<ProcessExit> {
  const at = layout.process_exit;
  const boottimeNs = boottimeOf(view);
  const status = view.getUint32(at.wait_status, littleEndian);
  const init = view.getUint8(at.container_init);
  return {
    boottimeNs,
    cgroupIsAGuess: false,
    data: {
      kind: 'process-exit',
      witness: 'ebpf',
      pid: view.getUint32(at.pid, littleEndian),
      parentPid: view.getUint32(at.parent_pid, littleEndian),
      comm: text(view, at.comm, layout.constants.COMM_BYTES),
      // As the macros of wait(2): low seven bits the signal, bit 7 the core dump, the next byte the code.
      exitCode: (status >> 8) & 0xff,
      signal: status & 0x7f,
      coreDumped: (status & 0x80) !== 0,
      containerInit: init === 2 ? null : init === 1,
      durationMs: Number(boottimeNs - view.getBigUint64(at.started_boottime_ns, littleEndian)) / 1e6,
      cgroup: cgroupPath(view, at.lineage),
    },
  };
}

/** Records are in host byte order. */
const littleEndian = endianness() === 'LE';
const noLimit = 0xffff_ffff_ffff_ffffn;

function boottimeOf(view: DataView): bigint {
  return view.getBigUint64(layout.event_header.boottime_ns, littleEndian);
}

/** From the root where the lineage reaches it (then it begins with `/`), else the part of the path that is known. */
function cgroupPath(view: DataView, lineage: number): string | null {
  const at = layout.cgroup_lineage;
  const names: string[] = [];
  const { CGROUP_NAME_BYTES: bytes, CGROUP_LEVELS: most } = layout.constants;
  for (let level = Math.min(view.getUint8(lineage + at.levels), most) - 1; level >= 0; level--) {
    names.push(text(view, lineage + at.names + level * bytes, bytes));
  }
  if (view.getUint8(lineage + at.reaches_root) === 1) return `/${names.join('/')}`;
  return names.length > 0 ? names.join('/') : null;
}

function text(view: DataView, offset: number, bytes: number): string {
  const slice = new Uint8Array(view.buffer, view.byteOffset + offset, bytes);
  const end = slice.indexOf(0);
  return decoder.decode(end < 0 ? slice : slice.subarray(0, end));
}

/** A comm is any bytes; what is not UTF-8 becomes U+FFFD. */
const decoder = new TextDecoder();
