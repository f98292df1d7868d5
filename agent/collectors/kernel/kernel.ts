import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import type { OomVictim, ProcessExit } from '../../../src/model/payloads.js';
import { fromEpochNanos, now } from '../../../src/model/time.js';
import type { Collector, CollectorHealth, EventSink } from '../../collector.js';
import { load, type KernelAddon, type KernelSession, type LoadedAddon } from '../../native/addon.js';
import { cgroupOfProcess } from './cgroups.js';
import { containerOfCgroup } from './container-of-cgroup.js';
import { recordsOf } from './decode.js';
import { createFallback, type Fallback } from './fallback.js';
import { hooks } from './hooks.js';
import { createWallClock, type WallClock } from './wall-clock.js';

export interface KernelCollectorDependencies {
  readonly node: string;
  readonly log: Logger;
  readonly registry: Registry;
  /** Where the host's /proc, /sys and /dev are, for the fallback; default `/`. */
  readonly hostRoot?: string;
  /** Also the exits of child processes that ended well; default false: they are most exits and say nothing. */
  readonly successfulExits?: boolean;
  /** Default 2 MiB: some 2_500 process exits. A power of two. */
  readonly eventsRingBytes?: number;
  /** Default {@link load}. */
  readonly addon?: LoadedAddon;
}

/** The kernel's word: OOM kills and process ends in containers. By eBPF; where that cannot be, OOM kills by the kernel log and cgroup counters. */
export function createKernelCollector(dependencies: KernelCollectorDependencies): Collector {
  const {
    node,
    log,
    registry,
    hostRoot = '/',
    successfulExits = false,
    eventsRingBytes = 2 * 1024 * 1024,
  } = dependencies;
  let addon: KernelAddon | null = null;
  let session: KernelSession | null = null;
  let clock: WallClock | null = null;
  let fallback: Fallback | null = null;
  let timer: NodeJS.Timeout | null = null;
  let sink: EventSink = () => {};
  let reasons: readonly string[] = ['not started'];
  let blind = true;
  let unreadable = 0;
  /** Drops as of the last health report that mentioned them, and for how many reports to go on saying so. */
  let reportedDrops = 0;
  let reportsLeft = 0;

  new Counter({
    name: 'throughline_kernel_hook_events_total',
    help: 'What each eBPF program did with what it saw. A rise of dropped means that the ring was full and evidence is missing; of errors, that a kernel structure could not be read.',
    labelNames: ['hook', 'outcome'],
    registers: [registry],
    collect() {
      if (session === null) return;
      this.reset();
      for (const hook of hooks) {
        for (const [outcome, count] of Object.entries<number>({ ...session.counters(hook.kind) }))
          this.inc({ hook: hook.name, outcome }, count);
      }
    },
  });

  const emit = (timestamp: string, data: OomVictim | ProcessExit): void => {
    const container = data.cgroup === null ? null : containerOfCgroup(data.cgroup);
    // The program lets pass what is named like a container's cgroup; an exit outside of one after all is not this collector's.
    if (container === null && data.kind === 'process-exit') return;
    sink({
      type: 'ebpf',
      timestamp,
      data: { ...data },
      metadata: {
        node,
        ...(container && { containerId: container.containerId }),
        ...(container?.podUid && { podUid: container.podUid }),
      },
    });
  };

  const receive = (batch: ArrayBuffer): void => {
    clock?.check();
    try {
      for (const { kind, view } of recordsOf(batch)) receiveRecord(kind, view);
    } catch (error) {
      unreadable += 1;
      log.error({ err: error }, 'a batch of kernel events cannot be read');
    }
  };

  const receiveRecord = (kind: number, view: DataView): void => {
    const hook = hooks.find((candidate) => candidate.kind === kind);
    if (!hook || addon === null || clock === null) return;
    const { boottimeNs, data, cgroupIsAGuess } = hook.decode(view, addon.pageBytes);
    const timestamp = fromEpochNanos(clock.epochNs(boottimeNs));
    if (!cgroupIsAGuess || data.pid === null) return emit(timestamp, data);
    // A victim of an OOM kill has memory to give back and is there for a while, even as a zombie: its own cgroup can still be read.
    const cgroup = cgroupOfProcess(hostRoot, data.pid);
    emit(timestamp, cgroup === null || cgroup === data.cgroup ? data : { ...data, cgroup });
  };

  const startPrograms = (): readonly string[] => {
    const loaded = dependencies.addon ?? load();
    if (loaded.addon === null) return [loaded.reason];
    const { objectFile } = loaded;
    const { pageBytes, Session, wallClockOffsetNs } = loaded.addon;
    addon = loaded.addon;
    clock = createWallClock(wallClockOffsetNs);
    session = new Session(
      {
        objects: hooks.map(({ name, constants }) => ({
          name,
          file: objectFile(name),
          constants: constants({ pageBytes, successfulExits }),
        })),
        eventsRingBytes,
        priorityRingBytes: 256 * 1024,
        maxPendingBytes: 4 * 1024 * 1024,
        lingerMs: 20,
      },
      receive,
    );
    return session.hooks
      .filter(({ reason }) => reason !== null)
      .map(
        ({ name, reason }) =>
          `${hooks.find((hook) => hook.name === name)?.sees ?? name} are not seen by eBPF: ${reason}`,
      );
  };

  const sees = (name: string): boolean =>
    session?.hooks.some((hook) => hook.name === name && hook.reason === null) ?? false;

  return {
    name: 'kernel',

    start(target) {
      sink = target;
      reasons = startPrograms();
      if (reasons.some((reason) => reason.includes('Operation not permitted'))) reasons = [...reasons, permissionHint];
      if (!sees('oom-victim')) {
        fallback = createFallback({ hostRoot, onOomVictim: (victim) => emit(now(), victim) });
        reasons = [
          ...reasons,
          fallback.blind ? 'no OOM kill is seen' : 'OOM kills come from the kernel log and cgroup counters instead',
          ...fallback.reasons,
          ...(sees('process-exit') || session !== null ? [] : ['process exits are not seen']),
        ];
        timer = setInterval(poll, pollEveryMs);
        timer.unref();
      }
      blind = fallback !== null && fallback.blind && !sees('process-exit');
      if (reasons.length > 0) log.warn({ reasons }, 'the kernel is seen in part');
      else log.info({ hooks: hooks.map((hook) => hook.name) }, 'watching the kernel by eBPF');
      return Promise.resolve();
    },

    stop() {
      if (timer !== null) clearInterval(timer);
      timer = null;
      takeBatch();
      poll();
      session?.close();
      session = null;
      fallback?.close();
      fallback = null;
      reasons = ['stopped'];
      blind = true;
      return Promise.resolve();
    },

    drain() {
      // By the same clock as the events, and taken before them: what happens from here on is later.
      const at =
        addon === null || clock === null ? now() : fromEpochNanos(clock.epochNs(addon.boottimeNs()) - unsubmittedNs);
      takeBatch();
      if (fallback !== null) poll();
      return Promise.resolve(at);
    },

    health(): CollectorHealth {
      const dropped = session === null ? 0 : hooks.reduce((sum, hook) => sum + session!.counters(hook.kind).dropped, 0);
      if (dropped > reportedDrops) reportsLeft = 60;
      else if (reportsLeft > 0) reportsLeft -= 1;
      reportedDrops = dropped;
      const all =
        reportsLeft > 0 ? [...reasons, `${dropped} kernel events were dropped because the ring was full`] : reasons;
      return {
        state: blind ? 'down' : all.length > 0 ? 'degraded' : 'healthy',
        reason: all.length > 0 ? all.join('; ') : null,
        lost: dropped + unreadable + (fallback?.lost() ?? 0),
      };
    },
  };

  function takeBatch(): void {
    const batch = session?.drain() ?? null;
    if (batch !== null) receive(batch);
  }

  function poll(): void {
    try {
      fallback?.poll();
    } catch (error) {
      log.error({ err: error }, 'the kernel log cannot be read');
    }
  }
}

const permissionHint = 'eBPF needs root, or CAP_BPF and CAP_PERFMON (before Linux 5.11 also CAP_SYS_RESOURCE)';
const pollEveryMs = 500;
/** A program reads the clock after it has reserved its record and before it submits it: microseconds, when nothing interrupts it. */
const unsubmittedNs = 1_000_000n;
