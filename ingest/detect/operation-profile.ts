import type { TraceContext } from '../../src/model/unified-event.js';
import { mostSurprisingEnd, rare, type PriorShare } from './unusual-share.js';

/**
 * What one operation of a service usually does, and what of it is different lately: how long it takes by itself, how often it fails,
 * and which steps (log lines, calls, inner operations) it takes. One baseline for all replicas, one short list of the latest runs for each,
 * so that one bad replica stands out. What is judged different is not learned, unless it stays so for half an hour.
 * Bounds: {@link maxRecent} runs for each replica, {@link maxTimes} durations and {@link maxSteps} steps for the operation.
 */
export interface OperationProfile {
  /** Runs come in order of their end. `where` names the replica. */
  observe(where: string, run: OperationRun): void;
  /** What is different at this moment, for every replica that ran since it was last asked. */
  judge(nowMs: number): OperationShift[];
}

export interface OperationRun {
  readonly endMs: number;
  /** Duration without what its calls and inner operations took. */
  readonly selfMs: number;
  readonly failed: boolean;
  /** In order of time, each as often as it was taken. */
  readonly steps: readonly Step[];
  readonly trace: TraceContext;
}

export interface Step {
  readonly name: string;
  readonly of: 'log' | 'call' | 'operation';
  /** It says that something failed. */
  readonly error: boolean;
}

export type OperationShift = SlowShift | FailingShift | CutShort;

interface Shift {
  readonly where: string;
  readonly sinceMs: number;
  readonly lastMs: number;
  /** Runs that show it. */
  readonly count: number;
  /** Chance of it by the ways of before. */
  readonly chance: number;
  /** A run that shows it. */
  readonly trace: TraceContext;
}

export interface SlowShift extends Shift {
  readonly what: 'slow';
  /** Medians of the time of its own. */
  readonly selfMs: number;
  readonly typicalMs: number;
}

export interface FailingShift extends Shift {
  readonly what: 'failing';
  readonly ratio: number;
  readonly typicalRatio: number;
  /** The error step that most of the failing runs share; null when they say nothing. */
  readonly said: string | null;
}

export interface CutShort extends Shift {
  readonly what: 'cut-short';
  /** The first of the missing steps. */
  readonly missing: Step;
  /** The last line logged before it, as a rule; null: the operation's start. */
  readonly after: string | null;
  /** The last call made between that line and the missing step, as a rule; null: none is, the reason is in the program itself. */
  readonly called: string | null;
  /** All steps that are missing. */
  readonly missingSteps: readonly Step[];
  /** An error step that is taken instead; null: nothing is. */
  readonly instead: string | null;
  /** Part of the runs that took the missing step before. */
  readonly typicalShare: number;
}

interface StepMemory {
  step: Step;
  /** Runs that took it. */
  count: number;
  /** Sum of its positions, for the order of steps. */
  positions: number;
  /** Line logged last before it → runs. */
  readonly after: Map<string, number>;
  /** Call made last between that line and it → runs. */
  readonly called: Map<string, number>;
}

interface Replica {
  recent: OperationRun[];
  fresh: boolean;
  /** Since when something is different here without a break; null: nothing is. */
  differentMs: number | null;
  /** Something may be different. */
  inDoubt: boolean;
}

export interface OperationProfileOptions {
  /** Runs needed before anything is judged. Default 5. */
  readonly minHistory?: number;
  /** What is known of how often runs of this kind take several times as long. Default {@link rare}. */
  readonly slowPrior?: PriorShare;
}

const recentMs = 60_000;
/** While a shift seems possible, runs are neither learned nor let go for so long: rare operations take time to prove it. */
const doubtMs = 300_000;
const maxRecent = 40;
const maxTimes = 128;
const maxSteps = 64;
const maxReplicas = 200;
/** Runs that have to show it. */
const least = 3;
/** A step counts as always taken from this part of the runs on. */
const always = 0.8;
/** A step is taken in place of another when hardly any run takes both. */
const seldom = 0.1;
/** Runs whose steps are remembered one by one, to tell another way of the operation from a fault. */
const maxSample = 64;
/** Chances below these are taken for a shift; there are hundreds of operations with dozens of steps. */
const surprising = { slow: 1e-5, failing: 1e-5, cutShort: 1e-4 };
/** Below this it is possible. */
const doubtful = 1e-2;
const adoptAfterMs = 1_800_000;
/** Counts are halved here: what was long ago weighs less. */
const maxCount = 2_000;
const start = '';

export function createOperationProfile({
  minHistory = 5,
  slowPrior = rare,
}: OperationProfileOptions = {}): OperationProfile {
  const replicas = new Map<string, Replica>();
  let steps = new Map<string, StepMemory>();
  let count = 0;
  let failed = 0;
  let times: number[] = [];
  let nextTime = 0;
  /** Names of the steps of the latest learned runs. */
  let sample: ReadonlySet<string>[] = [];
  let sorted: number[] | null = null;

  function learn(run: OperationRun): void {
    if (odd.has(run)) return;
    count += 1;
    if (run.failed) failed += 1;
    if (times.length < maxTimes) times.push(run.selfMs);
    else times[nextTime] = run.selfMs;
    nextTime = (nextTime + 1) % maxTimes;
    sorted = null;
    const seen = new Set<string>();
    let after = start;
    let call = start;
    run.steps.forEach((step, position) => {
      if (!seen.has(step.name)) {
        seen.add(step.name);
        let memory = steps.get(step.name);
        if (!memory && steps.size < maxSteps)
          steps.set(step.name, (memory = { step, count: 0, positions: 0, after: new Map(), called: new Map() }));
        if (memory) {
          memory.count += 1;
          memory.positions += position;
          add(memory.after, after);
          add(memory.called, call);
        }
      }
      if (step.of === 'log') [after, call] = [step.name, start];
      else if (step.of === 'call') call = step.name;
    });
    sample.push(seen);
    if (sample.length > maxSample) sample.shift();
    if (count >= maxCount) halve();
  }

  function halve(): void {
    count /= 2;
    failed /= 2;
    for (const [name, memory] of steps) {
      memory.count /= 2;
      memory.positions /= 2;
      for (const before of [memory.after, memory.called])
        for (const [name, number] of before) before.set(name, number / 2);
      if (memory.count < 1) steps.delete(name);
    }
  }

  function forget(): void {
    steps = new Map();
    count = 0;
    failed = 0;
    times = [];
    nextTime = 0;
    sample = [];
    sorted = null;
  }

  const quantile = (part: number): number => {
    sorted ??= [...times].sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]!;
  };

  /** Runs that showed a shift: never what is usual, whatever comes after them. */
  const odd = new WeakSet<OperationRun>();
  let inDoubt = false;
  /** Whether a chance is small enough to be no chance; when it is nearly, there is doubt. */
  const settled = (chance: number, limit: number): boolean => {
    if (chance <= doubtful) inDoubt = true;
    return chance <= limit;
  };

  const shift = (recent: readonly OperationRun[], flags: readonly boolean[], from: number, where: string) => {
    const first = recent[from]!;
    const shown = recent.filter((_, i) => i >= from && flags[i]);
    for (const run of shown) odd.add(run);
    return {
      where,
      sinceMs: first.endMs,
      lastMs: shown.at(-1)!.endMs,
      count: shown.length,
      trace: shown.at(-1)!.trace,
    };
  };

  function slow(where: string, recent: readonly OperationRun[]): SlowShift | null {
    const typicalMs = quantile(0.5);
    const most = recent.reduce((max, { selfMs }) => Math.max(max, selfMs), 0);
    // Above what is ever usual, several times as long, and long enough for a person to notice in the sum.
    const beyond = [
      Math.max(3 * typicalMs, 1.5 * quantile(0.95), typicalMs + 20),
      Math.max(10 * typicalMs, 3 * quantile(1), typicalMs + 100),
    ];
    for (const limitMs of beyond) {
      if (most <= limitMs) continue;
      const flags = recent.map(({ selfMs }) => selfMs > limitMs);
      const unusual = times.reduce((sum, ms) => sum + Number(ms > limitMs), 0);
      const end = mostSurprisingEnd(flags, { unusual, of: times.length }, { least, share: 0.6, prior: slowPrior });
      if (!end || !settled(end.chance, surprising.slow)) continue;
      const own = recent.slice(end.from).map(({ selfMs }) => selfMs);
      return {
        what: 'slow',
        ...shift(recent, flags, end.from, where),
        chance: end.chance,
        selfMs: own.sort((a, b) => a - b)[own.length >> 1]!,
        typicalMs,
      };
    }
    return null;
  }

  function failing(where: string, recent: readonly OperationRun[]): FailingShift | null {
    const flags = recent.map((run) => run.failed);
    if (!flags.includes(true) || failed > 0.2 * count) return null;
    const end = mostSurprisingEnd(flags, { unusual: failed, of: count }, { least, share: 0.5 });
    if (!end || !settled(end.chance, surprising.failing)) return null;
    const said = new Map<string, number>();
    for (const run of recent.slice(end.from))
      for (const name of new Set(run.steps.filter(({ error }) => error).map((step) => step.name)))
        said.set(name, (said.get(name) ?? 0) + 1);
    const [most] = [...said].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    return {
      what: 'failing',
      ...shift(recent, flags, end.from, where),
      chance: end.chance,
      ratio: end.unusual / (recent.length - end.from),
      typicalRatio: failed / count,
      said: most?.[0] ?? null,
    };
  }

  /** A step that was always taken and is not any more; not when another that is no error is taken in its place: that is another way, not a fault. */
  function cutShort(where: string, recent: readonly OperationRun[]): CutShort | null {
    const missing: { memory: StepMemory; from: number; chance: number }[] = [];
    for (const memory of steps.values()) {
      if (memory.step.error || memory.count < always * count) continue;
      let from = recent.length;
      while (from > 0 && !recent[from - 1]!.steps.some(({ name }) => name === memory.step.name)) from -= 1;
      if (recent.length - from < least) continue;
      const flags = recent.slice(from).map(() => true);
      const end = mostSurprisingEnd(flags, { unusual: count - memory.count, of: count }, { least, share: 1 });
      if (end && settled(end.chance, surprising.cutShort)) missing.push({ memory, from, chance: end.chance });
    }
    if (missing.length === 0) return null;
    missing.sort(
      (a, b) => a.memory.positions / a.memory.count - b.memory.positions / b.memory.count || b.from - a.from,
    );
    const [first] = missing as [(typeof missing)[0]];
    const runs = recent.slice(first.from);
    const taken = new Map<string, { step: Step; count: number }>();
    for (const run of runs) {
      for (const step of new Map(run.steps.map((each) => [each.name, each])).values()) {
        const known = taken.get(step.name) ?? { step, count: 0 };
        known.count += 1;
        taken.set(step.name, known);
      }
    }
    const instead = [...taken.values()]
      .filter((each) => each.count >= always * runs.length && isAlternative(each.step.name, first.memory.step.name))
      .map(({ step }) => step);
    // A call of which there is only the caller's end was not answered.
    const error =
      instead.find((step) => step.error) ??
      (first.memory.step.of === 'call'
        ? instead.find(({ of, name }) => of === 'operation' && !steps.has(name))
        : null) ??
      null;
    if (instead.length > 0 && error === null) return null;
    return {
      what: 'cut-short',
      ...shift(
        runs,
        runs.map(() => true),
        0,
        where,
      ),
      chance: first.chance,
      missing: first.memory.step,
      after: commonest(first.memory.after),
      called: commonest(first.memory.called),
      missingSteps: missing.map(({ memory }) => memory.step),
      instead: error?.name ?? null,
      typicalShare: first.memory.count / count,
    };
  }

  /** Whether one of the two steps stands for the other: hardly any run took both. */
  function isAlternative(step: string, missing: string): boolean {
    let alone = 0;
    let both = 0;
    for (const names of sample) {
      if (!names.has(step)) continue;
      if (names.has(missing)) both += 1;
      else alone += 1;
    }
    return both <= seldom * (alone + both);
  }

  return {
    observe(where, run) {
      let replica = replicas.get(where);
      if (!replica) {
        replicas.set(where, (replica = { recent: [], fresh: false, differentMs: null, inDoubt: false }));
        if (replicas.size > maxReplicas) replicas.delete(replicas.keys().next().value!);
      }
      replica.fresh = true;
      replica.recent.push(run);
      if (replica.recent.length > maxRecent) {
        const oldest = replica.recent.shift()!;
        if (replica.differentMs === null && !replica.inDoubt) learn(oldest);
      }
    },
    judge(nowMs) {
      const found: OperationShift[] = [];
      for (const [where, replica] of replicas) {
        const { recent } = replica;
        if (replica.fresh && count >= minHistory) {
          inDoubt = false;
          const shifts = [slow(where, recent), failing(where, recent), cutShort(where, recent)].filter(
            (each) => each !== null,
          );
          replica.inDoubt = inDoubt;
          if (shifts.length === 0) replica.differentMs = null;
          else replica.differentMs ??= nowMs;
          found.push(...shifts);
          if (replica.differentMs !== null && nowMs - replica.differentMs >= adoptAfterMs) {
            forget();
            replica.differentMs = null;
            replica.inDoubt = false;
          }
        }
        replica.fresh = false;
        const untilMs = nowMs - (replica.inDoubt ? doubtMs : recentMs);
        while (recent.length > 0 && recent[0]!.endMs < untilMs) {
          const oldest = recent.shift()!;
          if (replica.differentMs === null && !replica.inDoubt) learn(oldest);
        }
        if (recent.length === 0) replicas.delete(where);
      }
      return found;
    },
  };
}

/** A small tally: what does not fit any more is left out. */
function add(tally: Map<string, number>, name: string): void {
  if (tally.size < 8 || tally.has(name)) tally.set(name, (tally.get(name) ?? 0) + 1);
}

function commonest(tally: ReadonlyMap<string, number>): string | null {
  const [most] = [...tally].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return most?.[0] || null;
}
