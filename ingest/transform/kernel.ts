import type { EventFinding } from '../../src/model/finding.js';
import { contentId } from '../../src/model/ids.js';
import type { OomVictim, ProcessExit } from '../../src/model/payloads.js';
import type { RawEvent } from '../../src/model/raw-event.js';
import { toEpochMs } from '../../src/model/time.js';
import type { UnifiedEvent } from '../../src/model/unified-event.js';
import { isCrashSignal, signalName } from './kubernetes/containers.js';
import { locate, type TransformContext } from './context.js';
import { eventFrom, type Draft } from './draft.js';
import type { Scheduler } from './schedule.js';
import { duration, size } from './wording.js';

/** A victim dies within milliseconds of being chosen; its exit says whether the container went with it. */
const victimWaitMs = 1_000;

/** When a container's first process ends, the kernel kills the rest of its PID namespace a moment before (zap_pid_ns_processes). */
const childWaitMs = 1_000;

/** A probe failure this shortly before explains a SIGKILL: SIGTERM was not heeded within the grace period. */
const probeKillWindowMs = 90_000;

export type PendingVictim = { readonly of: 'victim' | 'child'; readonly event: RawEvent };

export interface KernelReader {
  read(event: RawEvent): EventFinding[];
  /** What was waited for has not come: a victim's exit, or the end of the container that a killed child was in. */
  settle(pending: PendingVictim, at: string): EventFinding[];
}

export function createKernelReader(context: TransformContext, schedule: Scheduler<PendingVictim>): KernelReader {
  const pending = new Map<string, RawEvent>();
  /** Keys of killed children that are waited for, by container. */
  const children = new Map<string, Set<string>>();

  const victimKey = (event: RawEvent, pid: number) => `victim ${event.metadata.node ?? ''} ${pid}`;

  function read(event: RawEvent): EventFinding[] {
    return event.data.kind === 'oom-victim' ? victim(event) : event.data.kind === 'process-exit' ? exit(event) : [];
  }

  function victim(event: RawEvent): EventFinding[] {
    const data = event.data as unknown as OomVictim;
    if (data.pid === null || data.witness !== 'ebpf') return [found(event, oom(event, null), event.timestamp)];
    const key = victimKey(event, data.pid);
    pending.set(key, event);
    schedule.set(key, toEpochMs(event.timestamp) + victimWaitMs, { of: 'victim', event });
    return [];
  }

  function settle({ of, event }: PendingVictim, at: string): EventFinding[] {
    if (of === 'victim') {
      const data = event.data as unknown as OomVictim;
      pending.delete(victimKey(event, data.pid!));
      return [found(event, oom(event, null), at)];
    }
    const data = event.data as unknown as ProcessExit;
    const container = containerKey(event);
    const waiting = children.get(container);
    waiting?.delete(childKey(event, data.pid));
    if (waiting?.size === 0) children.delete(container);
    const draft = ended(event, data, false);
    return draft ? [found(event, draft, at)] : [];
  }

  function containerKey({ metadata }: RawEvent): string {
    return `${metadata.node ?? ''} ${metadata.containerId ?? `${metadata.podUid ?? ''} ${metadata.container ?? ''}`}`;
  }

  function childKey(event: RawEvent, pid: number): string {
    return `child ${event.metadata.node ?? ''} ${pid}`;
  }

  /** True when a child's death by SIGKILL is kept until it is known whether its container ended with it. */
  function keepChild(event: RawEvent, data: ProcessExit): boolean {
    if (data.signal !== 9 || data.containerInit !== false) return false;
    const key = childKey(event, data.pid);
    const container = containerKey(event);
    const waiting = children.get(container) ?? new Set<string>();
    children.set(container, waiting.add(key));
    schedule.set(key, toEpochMs(event.timestamp) + childWaitMs, { of: 'child', event });
    return true;
  }

  function dropChildren(event: RawEvent): void {
    const container = containerKey(event);
    for (const key of children.get(container) ?? []) schedule.cancel(key);
    children.delete(container);
  }

  function exit(event: RawEvent): EventFinding[] {
    const data = event.data as unknown as ProcessExit;
    const key = victimKey(event, data.pid);
    const killed = pending.get(key);
    const findings: EventFinding[] = [];
    if (killed) {
      pending.delete(key);
      schedule.cancel(key);
      findings.push(found(killed, oom(killed, data.containerInit), event.timestamp));
    }
    if (data.containerInit) dropChildren(event);
    if (killed === undefined && keepChild(event, data)) return findings;
    const murder = killed === undefined ? killedFromOutside(event, data) : null;
    if (murder) findings.push(found(event, murder, event.timestamp));
    const draft = ended(event, data, killed !== undefined);
    if (draft) findings.push({ kind: 'event', at: event.timestamp, event: toEvent(event, draft) });
    return findings;
  }

  /** SIGKILL to a container that nobody of the cluster had a reason for: not its deletion, not a probe, not the OOM killer. */
  function killedFromOutside(event: RawEvent, data: ProcessExit): Draft | null {
    const place = locate(context, event.metadata);
    if (data.signal !== 9 || !data.containerInit || place.k8s.container === null || place.pod?.terminating) return null;
    const probeFailedMs = place.pod?.containers.get(place.k8s.container)?.probeFailedMs ?? null;
    if (probeFailedMs !== null && toEpochMs(event.timestamp) - probeFailedMs < probeKillWindowMs) return null;
    return {
      category: 'process.killed',
      entity: place.entity,
      discriminator: String(data.pid),
      context: place.k8s,
      message: `Container ${place.k8s.container} of pod ${place.k8s.pod ?? '?'} was killed with SIGKILL, and not for lack of memory.`,
      attributes: {
        signal: 9,
        exitCode: 137,
        comm: data.comm,
        pid: data.pid,
        containerId: place.k8s.containerId,
        containerInit: true,
        witness: data.witness,
      },
    };
  }

  function found(event: RawEvent, draft: Draft, at: string): EventFinding {
    return { kind: 'event', at, event: toEvent(event, draft) };
  }

  function toEvent(event: RawEvent, draft: Draft): UnifiedEvent {
    // One kill is one event, whichever witness tells it; the pid keeps two children apart.
    return eventFrom(draft, event.type, event.timestamp, contentId(event.id, draft.category));
  }

  function oom(event: RawEvent, containerInit: boolean | null): Draft {
    const data = event.data as unknown as OomVictim;
    const place = locate(context, event.metadata);
    const container = place.k8s.container;
    const limitBytes =
      data.limitBytes ?? (container !== null ? (place.pod?.containers.get(container)?.memoryLimitBytes ?? null) : null);
    const rssBytes = data.anonRssKiB ? data.anonRssKiB * 1024 : null;
    const child = containerInit === false;
    const process = `process ${data.comm ?? '?'}${data.pid === null ? '' : ` (pid ${data.pid})`}`;
    const using = rssBytes === null ? '' : ` while it used ${size(rssBytes)}`;
    const { pod } = place.k8s;
    const where =
      container !== null
        ? `in container ${container} of pod ${pod ?? '?'}`
        : pod !== null
          ? `in pod ${pod}`
          : `on node ${place.k8s.node ?? '?'}`;
    // A process of the host in a limited cgroup died of that limit; without a limit, there was only the node's memory to run out of.
    const ofNode = container === null && pod === null && limitBytes === null;
    const limit = limitBytes === null ? '' : `; the memory limit is ${size(limitBytes)}`;
    return {
      category: ofNode
        ? 'node.out-of-memory'
        : child || (container === null && pod === null)
          ? 'process.oom-killed'
          : 'container.oom-killed',
      entity: place.entity,
      discriminator: String(data.pid ?? ''),
      context: place.k8s,
      message: `The kernel killed ${process} ${where} for lack of memory${using}${limit}.`,
      attributes: {
        limitBytes,
        rssBytes,
        comm: data.comm,
        pid: data.pid,
        oomScoreAdj: data.oomScoreAdj,
        containerId: place.k8s.containerId,
        exitCode: child ? null : 137,
        signal: 9,
        witness: data.witness,
      },
    };
  }

  function ended(event: RawEvent, data: ProcessExit, byOom: boolean): Draft | null {
    const { exitCode, signal, containerInit } = data;
    const place = locate(context, event.metadata);
    if (place.k8s.container === null) return null;
    const terminating = place.pod?.terminating ?? false;
    const title = `${containerInit ? `Container ${place.k8s.container}` : `Process ${data.comm} in container ${place.k8s.container}`} of pod ${place.k8s.pod ?? '?'}`;
    const after = data.durationMs === null ? '' : ` after ${duration(data.durationMs)}`;
    const attributes = {
      exitCode: signal ? 128 + signal : exitCode,
      signal: signal || null,
      comm: data.comm,
      pid: data.pid,
      containerId: place.k8s.containerId,
      containerInit,
      ranMs: data.durationMs,
      coreDumped: data.coreDumped || null,
      byOom: byOom || null,
      witness: data.witness,
    };
    const draft = (category: Draft['category'], message: string): Draft => ({
      category,
      entity: place.entity,
      discriminator: String(data.pid),
      context: place.k8s,
      message,
      attributes,
    });
    if (signal === 0 && exitCode === 0) return null;
    if (isCrashSignal(signal)) return draft('process.crashed', `${title} crashed with ${signalName(signal)}${after}.`);
    // Asked to stop: by SIGTERM, or by SIGKILL when the grace period of a deletion is over.
    if (terminating && (signal === 15 || signal === 9 || exitCode === 143 || exitCode === 137)) return null;
    if (containerInit) {
      const how = signal ? signalName(signal) : `exit code ${exitCode}`;
      return draft(
        'container.terminated',
        `${title} ended with ${how}${byOom ? ', killed for lack of memory' : ''}${after}.`,
      );
    }
    if (byOom) return null;
    if (signal === 9) return draft('process.killed', `${title} was killed with SIGKILL${after}.`);
    return null;
  }

  return { read, settle };
}
