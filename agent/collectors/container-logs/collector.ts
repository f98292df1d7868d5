import { Counter, Gauge, type Registry } from 'prom-client';
import type { Logger } from 'pino';
import { fromEpochMs, toEpochMs, type Timestamp } from '../../../src/model/time.js';
import type { CollectedEvent, Collector, CollectorHealth, EventSink } from '../../collector.js';
import { readCheckpoint, writeCheckpoint, type Positions } from './checkpoint.js';
import { createLineJoiner, parseCriLine, type JoinedLine, type LineJoiner } from './cri.js';
import { createDiscovery, type ContainerLog } from './discovery.js';
import { parseLogText } from './line.js';
import { openLogFile, type FilePosition, type LogFile, type OnLine } from './log-file.js';
import { createRateGuard, type RateGuard } from './rate-guard.js';

export interface ContainerLogsOptions {
  /** The kubelet's podLogsDir. */
  readonly root: string;
  readonly node: string;
  /** Where to remember how far the files have been read; null: nowhere, every start is a first start. */
  readonly checkpointPath: string | null;
  /** For files that are there at the first start. Those that appear later are read from the beginning. */
  readonly startAt: 'end' | 'beginning';
  /** Default 200. */
  readonly pollMs?: number;
  /** A piece whose end does not come within this is given out as it is, so that it does not hold the watermark. Default 1_000. */
  readonly maxPieceAgeMs?: number;
  /** Per container, default 1_000 after a burst of 10_000. What is over is dropped and counted. */
  readonly linesPerSecond?: number;
  readonly burstLines?: number;
  readonly log: Logger;
  readonly registry: Registry;
}

interface Followed {
  readonly log: ContainerLog;
  readonly file: LogFile;
  readonly joiner: LineJoiner;
  readonly guard: RateGuard;
  /** Time of the last line read, and whether more is waiting behind it. */
  lastRead: Timestamp | null;
  behind: boolean;
  /** Where the oldest line begins of which pieces are missing: a restart has to read it again. */
  unfinished: { readonly inode: number; readonly offset: number } | null;
}

interface PendingLine extends JoinedLine {
  readonly log: ContainerLog;
}

const maxRoundBytes = 16 * 1024 * 1024;
const minFileBytes = 64 * 1024;
const maxDrainMs = 400;
const maxJoinedChars = 256 * 1024;
/** Between a line's CRI time and the moment it can be read lies the runtime's write: microseconds, more when the node is starved. */
const writeSlackMs = 100;
/** A line that becomes readable later than promised is set to the promised moment up to here, and counted as lost beyond. */
const maxLateMs = 10_000;
const recentMs = 30_000;

/** Follows the CRI log files of every container of this node. */
export function createContainerLogs(options: ContainerLogsOptions): Collector {
  const { root, node, log, registry, maxPieceAgeMs = 1_000, linesPerSecond = 1_000, burstLines = 10_000 } = options;
  const discovery = createDiscovery({ root });
  const followed = new Map<string, Followed>();
  /** By container, not by file: a crash loop must not get a fresh burst with every restart. */
  const guards = new Map<string, RateGuard>();
  const metrics = createMetrics(registry, () => followed.size);

  let sink: EventSink = () => undefined;
  let timer: NodeJS.Timeout | null = null;
  let resumed: Map<string, readonly FilePosition[]> | null = null;
  let started = false;
  let promised: Timestamp = '';
  let toCommit: Positions = new Map();
  let written = '';
  let rootProblem: string | null = null;
  let lost = 0;
  const recent = new Map<string, { atMs: number; lines: number; what: string }>();

  function lose(lines: number, reason: 'rate' | 'late' | 'malformed' | 'overlong', where: string): void {
    lost += lines;
    metrics.lost.inc({ reason }, lines);
    const key = `${reason} ${where}`;
    const before = recent.get(key)?.lines ?? 0;
    recent.set(key, {
      atMs: Date.now(),
      lines: before + lines,
      what: `${before + lines} lines of ${where} ${lostBecause[reason]}`,
    });
  }

  function notice(key: string, what: string): void {
    recent.set(key, { atMs: Date.now(), lines: 0, what });
  }

  function scan(): void {
    let logs: ContainerLog[];
    try {
      logs = discovery.scan();
      rootProblem = null;
    } catch (error) {
      rootProblem = `cannot read the pod logs at ${root}: ${(error as Error).message}`;
      return;
    }
    for (const found of logs) if (!followed.has(found.key)) follow(found);
    started = true;
  }

  function follow(found: ContainerLog): void {
    const where = `${found.namespace}/${found.pod}/${found.container}`;
    const position = resumed?.get(found.key)?.[0];
    const startAt = position ?? (started || resumed ? 'beginning' : options.startAt);
    resumed?.delete(found.key);
    try {
      const file = openLogFile({ path: found.path, startAt, onOverlong: () => lose(1, 'overlong', where) });
      const guard = guards.get(where) ?? createRateGuard({ linesPerSecond, burstLines });
      guards.set(where, guard);
      followed.set(found.key, {
        log: found,
        file,
        joiner: createLineJoiner({ maxChars: maxJoinedChars }),
        guard,
        lastRead: null,
        behind: false,
        unfinished: null,
      });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT') notice(`open ${where}`, `cannot open the log of ${where}: ${message}`);
    }
  }

  /** Reads every file once, gives out the lines in order of time; true when some file has more. */
  function round(): boolean {
    const lines: PendingLine[] = [];
    const budget = Math.max(minFileBytes, Math.floor(maxRoundBytes / Math.max(1, followed.size)));
    let more = false;
    for (const [key, one] of followed) {
      const where = `${one.log.namespace}/${one.log.pod}/${one.log.container}`;
      const collect = (line: JoinedLine | null): void => {
        if (!line) return;
        if (one.guard.take(toEpochMs(line.timestamp))) lines.push({ ...line, log: one.log });
        else lose(1, 'rate', where);
      };
      const take: OnLine = (text, begins) => {
        const piece = parseCriLine(text);
        if (!piece) return lose(1, 'malformed', where);
        one.lastRead = piece.timestamp;
        collect(one.joiner.push(piece));
        one.unfinished = one.joiner.pendingSince() === null ? null : (one.unfinished ?? begins);
      };
      try {
        one.behind = one.file.read(budget, take);
      } catch (error) {
        one.behind = false;
        notice(`read ${where}`, `cannot read the log of ${where}: ${(error as Error).message}`);
      }
      more ||= one.behind;
      const pending = one.joiner.pendingSince();
      const finished = one.file.finished();
      if (pending !== null && (finished || Date.now() - toEpochMs(pending) >= maxPieceAgeMs)) {
        one.joiner.flush().forEach(collect);
        one.unfinished = null;
      }
      if (finished) forget(key, where);
    }
    lines.sort((one, other) => (one.timestamp < other.timestamp ? -1 : one.timestamp > other.timestamp ? 1 : 0));
    lines.forEach(give);
    return more;
  }

  function forget(key: string, where: string): void {
    followed.delete(key);
    const others = [...followed.values()].some(
      ({ log: other }) => `${other.namespace}/${other.pod}/${other.container}` === where,
    );
    if (!others) guards.delete(where);
  }

  function give(line: PendingLine): void {
    let { timestamp } = line;
    if (timestamp < promised) {
      if (toEpochMs(promised) - toEpochMs(timestamp) > maxLateMs) {
        return lose(1, 'late', `${line.log.namespace}/${line.log.pod}/${line.log.container}`);
      }
      metrics.raised.inc();
      timestamp = promised;
    }
    metrics.lines.inc();
    sink(lineEvent(line, timestamp, node));
  }

  function tick(): void {
    if (discovery.changed()) scan();
    round();
  }

  return {
    name: 'container-logs',

    async start(to, signal) {
      sink = to;
      const { checkpointPath } = options;
      if (checkpointPath !== null) {
        const positions = readCheckpoint(checkpointPath, (reason) =>
          log.warn({ checkpointPath, reason }, 'log checkpoint is not usable'),
        );
        resumed = positions && new Map(positions);
      }
      scan();
      if (rootProblem !== null) log.warn({ reason: rootProblem }, 'container logs are not there');
      timer = setInterval(tick, options.pollMs ?? 200);
      signal.addEventListener('abort', () => clearTimer(), { once: true });
    },

    async stop() {
      clearTimer();
      discovery.close();
      for (const { file } of followed.values()) file.close();
      followed.clear();
    },

    health() {
      return healthOf();
    },

    async drain() {
      const askedMs = performance.timeOrigin + performance.now();
      scan();
      const deadline = performance.now() + maxDrainMs;
      while (round() && performance.now() < deadline) await new Promise((resolve) => setImmediate(resolve));
      let watermark = fromEpochMs(askedMs - writeSlackMs);
      for (const { behind, lastRead, joiner } of followed.values()) {
        if (behind && lastRead !== null && lastRead < watermark) watermark = lastRead;
        const pending = joiner.pendingSince();
        if (pending !== null && pending < watermark) watermark = pending;
      }
      if (watermark > promised) promised = watermark;
      toCommit = new Map([...followed].map(([key, one]) => [key, resumePositions(one)] as const));
      return promised;
    },

    async commit() {
      if (options.checkpointPath === null || rootProblem !== null) return;
      const now = JSON.stringify([...toCommit]);
      if (now === written) return;
      try {
        writeCheckpoint(options.checkpointPath, toCommit);
        written = now;
      } catch (error) {
        notice('checkpoint', `cannot write the checkpoint: ${(error as Error).message}`);
      }
    },
  };

  function clearTimer(): void {
    if (timer) clearInterval(timer);
    timer = null;
  }

  function healthOf(): CollectorHealth {
    if (rootProblem !== null) return { state: 'down', reason: rootProblem, lost };
    for (const [key, { atMs }] of recent) if (Date.now() - atMs > recentMs) recent.delete(key);
    const reasons = [...recent.values()].map(({ what }) => what);
    if (reasons.length === 0) return { state: 'healthy', reason: null, lost };
    const shown = reasons.slice(0, 5).join('; ');
    return { state: 'degraded', reason: reasons.length > 5 ? `${shown}; and ${reasons.length - 5} more` : shown, lost };
  }
}

function resumePositions({ file, unfinished }: Followed): readonly FilePosition[] {
  const positions = file.positions();
  if (unfinished === null) return positions;
  return positions.map((each) => (each.inode === unfinished.inode ? { ...each, offset: unfinished.offset } : each));
}

const lostBecause = {
  rate: 'dropped by the rate guard',
  late: 'were readable too late to be of use',
  malformed: 'are not in CRI format',
  overlong: 'are too long',
} as const;

function lineEvent(line: PendingLine, timestamp: Timestamp, node: string): CollectedEvent {
  const { traceId, spanId, data } = parseLogText(line.text, line.stream);
  const { namespace, pod, podUid, container } = line.log;
  return {
    type: 'log',
    timestamp,
    traceId,
    spanId,
    data: { ...data },
    metadata: { node, namespace, pod, podUid, container },
  };
}

function createMetrics(registry: Registry, files: () => number) {
  const registers = [registry];
  new Gauge({
    name: 'throughline_container_log_files',
    help: 'Log files being followed.',
    registers,
    collect() {
      this.set(files());
    },
  });
  return {
    lines: new Counter({ name: 'throughline_container_log_lines_total', help: 'Container log lines read.', registers }),
    lost: new Counter({
      name: 'throughline_container_log_lines_lost_total',
      help: 'Container log lines that were dropped, by reason. A rise of `rate` means a container floods its log.',
      labelNames: ['reason'],
      registers,
    }),
    raised: new Counter({
      name: 'throughline_container_log_lines_late_total',
      help: 'Lines that could be read only after their time had been promised complete. A rise means that the node is starved.',
      registers,
    }),
  };
}
