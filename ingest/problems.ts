import { categoryInfo, type Category } from '../src/model/categories.js';
import { entityRef } from '../src/model/entity.js';
import type { EntityFinding, EventFinding } from '../src/model/finding.js';
import { toEpochMs } from '../src/model/time.js';
import type { UnifiedEvent } from '../src/model/unified-event.js';
import type { Inventory } from './inventory.js';
import { resolvePeer, type Peer } from './peers.js';

/**
 * What is wrong, as the solver sees it: all events of one category on one unit (and, for calls, to one target) in one stretch of time.
 * A thousand pods that fail alike are one problem with a thousand entities.
 */
export interface Problem {
  /** Order of appearance; also the tie-breaker, so it must follow from event time alone. */
  readonly serial: number;
  readonly key: string;
  readonly category: Category;
  /** Inventory index of the unit it is on. */
  readonly unit: number;
  /** What the calls go to, for the call.*, dns.* and tls.* categories; -1 otherwise or when not known. */
  readonly target: number;
  /** The peer as written names a port that the target does not have. */
  readonly wrongPort: boolean;
  firstMs: number;
  lastMs: number;
  /** Last sight of an occurrence, as opposed to a state that an object has; -Infinity when there was none. */
  occurredMs: number;
  /** Longest time between two looks of who tells it (attributes.intervalMs): it may go on unseen for so long. */
  intervalMs: number;
  /** Conditions raised and not yet cleared, by event id. */
  readonly open: Map<string, UnifiedEvent>;
  /** The first events, each as it was last told, for evidence; bounded. */
  readonly events: Map<string, UnifiedEvent>;
  /** Inventory indexes of the things it was seen on; bounded. */
  readonly entities: Set<number>;
  /** Occurrences, counting merged ones. */
  count: number;
  /** Attribute values seen, for rule conditions; bounded. */
  readonly attributes: Map<string, Set<string>>;
  /** By metric: the most that was measured above what is typical, in the metric's unit; bounded. */
  readonly increases: Map<string, number>;
  /** Grows with every change that could change a verdict: what it is, when it began, whether its condition holds. */
  version: number;
}

export interface Problems {
  occurred(finding: EventFinding): Problem | null;
  /** Raises what is new, clears what the object no longer says. Returns the problems touched. */
  stated(finding: EntityFinding, index: number): Problem[];
  all(): Iterable<Problem>;
  on(unit: number): readonly Problem[];
  /** Grows with every change to the problems on a unit. */
  versionOn(unit: number): number;
  isActive(problem: Problem, nowMs: number): boolean;
  /** What belonged to an incident that is over explains nothing any more. What is active stays. */
  settle(ended: Iterable<Problem>, nowMs: number): void;
  /** Forgets what ended long ago and nobody holds. */
  forget(nowMs: number, held: (problem: Problem) => boolean): void;
}

/** A problem that comes back within this after its last sight is the same one. */
const rejoinMs = 12_000;
/** How long an ended problem can still be blamed by what begins later; a change, whose effect may need load or time to show, for longer. */
const rememberMs = 120_000;
const rememberChangeMs = 3_600_000;
/** A series that is measured more seldom than this does not keep a story going in between. */
const maxIntervalMs = 600_000;
const maxEvents = 24;
const maxMetrics = 16;
const maxEntities = 2000;

/** `windowMs` is `correlation.window`. Default 30_000. */
export function createProblems(inventory: Inventory, windowMs = 30_000): Problems {
  /** How long an occurrence without a state behind it counts as going on; transform repeats bursts every 5 s. */
  const activeMs = { change: 600_000, log: windowMs / 2, event: windowMs * 1.5 };
  const current = new Map<string, Problem>();
  const byUnit = new Map<number, Problem[]>();
  /** Of units that have problems. Numbers are never used twice, so that a unit whose problems came again is not as it was. */
  const versions = new Map<number, number>();
  let changes = 0;
  /** Raised conditions by the object that states them. */
  const statedBy = new Map<number, Map<string, Problem>>();
  /** What each event has added to the count of its problem: bursts say again how many there were, kept as evidence or not. */
  const counted = new WeakMap<Problem, Map<string, number>>();
  let serial = 0;

  const activeFor = (problem: Problem): number =>
    problem.category.startsWith('change.')
      ? activeMs.change
      : /^(log|call|dns|tls|app|rbac|db)\./.test(problem.category)
        ? activeMs.log
        : activeMs.event;

  const isActive = (problem: Problem, nowMs: number): boolean => {
    if (problem.open.size > 0) return true;
    // What happened on a thing that is gone is over, unless its going is what happened.
    const gone = inventory.observed(problem.unit) && !inventory.exists(problem.unit);
    if (gone && !/deleted|removed|^change\./.test(problem.category)) return false;
    return nowMs - problem.occurredMs <= activeFor(problem) + problem.intervalMs;
  };

  const problemOf = (event: UnifiedEvent, atMs: number): Problem => {
    const index = inventory.intern(event.entity);
    const unit = inventory.unit(index);
    const peer: Peer | null = resolvePeer(event, inventory);
    const { category } = event.semantic;
    // Refused, timed out and reset calls to one target are one problem: a Service without endpoints does all three.
    const family = /^call\.(refused|timeout|reset|unreachable)$/.test(category) ? 'call' : category;
    const change = category.startsWith('change.') ? event.id : '';
    const key = [
      inventory.ref(unit).id,
      family,
      peer ? inventory.ref(peer.target).id : '',
      peer?.wrongPort ? 'port' : '',
      change,
    ].join('|');
    let problem = current.get(key);
    let again = false;
    if (!problem || (!isActive(problem, atMs) && atMs - problem.lastMs > rejoinMs + problem.intervalMs)) {
      again = problem !== undefined && counted.get(problem)!.has(event.id);
      problem = {
        serial: serial++,
        key,
        category,
        unit,
        target: peer?.target ?? -1,
        wrongPort: peer?.wrongPort ?? false,
        firstMs: Infinity,
        lastMs: -Infinity,
        occurredMs: -Infinity,
        intervalMs: 0,
        open: new Map(),
        events: new Map(),
        entities: new Set(),
        count: 0,
        attributes: new Map(),
        increases: new Map(),
        version: 0,
      };
      current.set(key, problem);
      counted.set(problem, new Map());
      const list = byUnit.get(unit);
      if (list) list.push(problem);
      else byUnit.set(unit, [problem]);
      changed(unit);
      if (peer) inventory.relate('CALLS', unit, peer.target, atMs);
      if (peer?.wrongPort) problem.attributes.set('wrongPort', new Set(['true']));
    }
    relateSufferer(event, unit, atMs);
    take(problem, event, index);
    // One burst over two stretches: the second began when it was seen again, not when the first did.
    if (again) {
      problem.firstMs = toEpochMs(event.lastSeen);
      alter(problem);
    }
    return problem;
  };

  /** What refuses is told apart from who is refused (attributes.victim), and an object that is asked for from who asks (attributes.missing). */
  const relateSufferer = (
    { entity, semantic: { category, attributes } }: UnifiedEvent,
    unit: number,
    atMs: number,
  ): void => {
    if (typeof attributes.victim === 'string') {
      const victim = inventory.indexOf(attributes.victim);
      if (victim !== -1 && inventory.unit(victim) !== unit)
        inventory.relate('LIMITS', unit, inventory.unit(victim), atMs);
    }
    const [kind, name] = String(attributes.missing ?? '').split('/');
    if (category === 'config.object-missing' && kind && name)
      inventory.relate('USES', unit, inventory.intern(entityRef(entity.cluster, kind, entity.namespace, name)), atMs);
  };

  const changed = (unit: number): void => {
    versions.set(unit, ++changes);
  };
  const alter = (problem: Problem): void => {
    problem.version++;
    changed(problem.unit);
  };

  /** A verdict may hang on how much it is: told when that has doubled. */
  const measure = (problem: Problem, { metric, value, typical }: UnifiedEvent['semantic']['attributes']): void => {
    if (typeof metric !== 'string' || typeof value !== 'number' || typeof typical !== 'number') return;
    // Percentiles of one latency are the same thing, seen of more or fewer requests.
    const name = metric.replace(/[._]p\d+$/, '');
    const known = problem.increases.get(name) ?? 0;
    const increase = value - typical;
    if (increase <= known || (known === 0 && problem.increases.size >= maxMetrics)) return;
    problem.increases.set(name, increase);
    if (increase >= 2 * known) alter(problem);
  };

  const take = (problem: Problem, event: UnifiedEvent, index: number): void => {
    const firstMs = toEpochMs(event.firstSeen);
    const lastMs = toEpochMs(event.lastSeen);
    if (firstMs < problem.firstMs) {
      problem.firstMs = firstMs;
      alter(problem);
    }
    if (lastMs > problem.lastMs) problem.lastMs = lastMs;
    const counts = counted.get(problem)!;
    const before = counts.get(event.id);
    problem.count += event.count - (before ?? 0);
    counts.set(event.id, event.count);
    if (problem.events.has(event.id) || problem.events.size < maxEvents) problem.events.set(event.id, event);
    if (before === undefined) alter(problem);
    const { intervalMs } = event.semantic.attributes;
    if (typeof intervalMs === 'number' && intervalMs > problem.intervalMs)
      problem.intervalMs = Math.min(intervalMs, maxIntervalMs);
    if (problem.entities.size < maxEntities) problem.entities.add(index);
    measure(problem, event.semantic.attributes);
    for (const [name, value] of Object.entries(event.semantic.attributes)) {
      let values = problem.attributes.get(name);
      if (!values) problem.attributes.set(name, (values = new Set()));
      if (values.size < 16) values.add(String(value));
    }
  };

  const keep = (unit: number, kept: Problem[]): void => {
    const before = byUnit.get(unit);
    if (!before || kept.length === before.length) return;
    for (const problem of before) {
      if (!kept.includes(problem) && current.get(problem.key) === problem) current.delete(problem.key);
    }
    if (kept.length > 0) {
      byUnit.set(unit, kept);
      changed(unit);
    } else {
      byUnit.delete(unit);
      versions.delete(unit);
    }
  };

  return {
    occurred(finding) {
      const problem = problemOf(finding.event, toEpochMs(finding.at));
      problem.occurredMs = Math.max(problem.occurredMs, toEpochMs(finding.event.lastSeen));
      return problem;
    },
    stated(finding, index) {
      const atMs = toEpochMs(finding.at);
      const before = statedBy.get(index);
      if (!before && finding.problems.length === 0) return [];
      const now = new Map<string, Problem>();
      const touched: Problem[] = [];
      if (!finding.deleted) {
        for (const event of finding.problems) {
          const known = before?.get(event.id);
          const problem = known ?? problemOf(event, atMs);
          if (problem.open.size === 0) alter(problem);
          problem.open.set(event.id, event);
          if (known) take(problem, event, index);
          else touched.push(problem);
          now.set(event.id, problem);
        }
      }
      for (const [id, problem] of before ?? []) {
        if (now.has(id)) continue;
        problem.open.delete(id);
        if (problem.open.size === 0) alter(problem);
        problem.lastMs = Math.max(problem.lastMs, atMs);
        touched.push(problem);
      }
      if (now.size > 0) statedBy.set(index, now);
      else statedBy.delete(index);
      return touched;
    },
    *all() {
      for (const list of byUnit.values()) yield* list;
    },
    on: (unit) => byUnit.get(unit) ?? [],
    versionOn: (unit) => versions.get(unit) ?? 0,
    isActive,
    settle(ended, nowMs) {
      for (const problem of ended) {
        if (isActive(problem, nowMs)) continue;
        keep(
          problem.unit,
          (byUnit.get(problem.unit) ?? []).filter((other) => other !== problem),
        );
      }
    },
    forget(nowMs, held) {
      for (const [unit, list] of byUnit) {
        keep(
          unit,
          list.filter((problem) => {
            const kept = problem.category.startsWith('change.') ? rememberChangeMs : rememberMs;
            return isActive(problem, nowMs) || nowMs - problem.lastMs <= kept || held(problem);
          }),
        );
      }
    },
  };
}

/** How readily it stands as a root cause by itself (categories.ts). */
export function priorOf(problem: Problem): number {
  return categoryInfo(problem.category).prior;
}

/** The event that stands for the problem in the graph: the kernel's word before the API's, then the earliest, then the least id. */
export function representative(problem: Problem): UnifiedEvent {
  let best: UnifiedEvent | undefined;
  for (const event of problem.events.values()) {
    if (!best || rank(event, best) < 0) best = event;
  }
  if (!best) throw new Error(`problem ${problem.key} has no event`);
  return best;
}

function rank(a: UnifiedEvent, b: UnifiedEvent): number {
  const kernel = Number(b.type === 'ebpf') - Number(a.type === 'ebpf');
  if (kernel !== 0) return kernel;
  if (a.timestamp !== b.timestamp) return a.timestamp < b.timestamp ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}
