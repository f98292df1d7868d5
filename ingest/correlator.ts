import type { CorrelationResult } from '../src/model/correlation-result.js';
import type { Finding, SourceHealth } from '../src/model/finding.js';
import { toEpochMs } from '../src/model/time.js';
import type { UnifiedEvent } from '../src/model/unified-event.js';
import { allDimensions, createCandidates, type Dimensions } from './correlate/candidates.js';
import { createStories } from './correlate/areas.js';
import { blindShare, createDoubt } from './correlate/blindness.js';
import { confidenceScale, type ConfidenceScale } from './correlate/confidence.js';
import { experienceOf, type Experiences } from './correlate/experience.js';
import { derive } from './derive/derive.js';
import { createGate } from './gate.js';
import { createIncidents } from './incidents.js';
import { createInventory, type InventoryChange } from './inventory.js';
import { createProblems } from './problems.js';
import { resolveCallee } from './peers.js';
import type { RuleSet } from './rules/load.js';

/**
 * The engine: findings in, sorted by event time; incidents out. It knows no bus and no graph, reads no clock and draws no lots: the
 * same findings give the same results, byte for byte. It decides once per second of event time, and only when something changed.
 */
export interface Correlator {
  /** Findings in order of time. */
  take(findings: readonly Finding[]): void;
  /** Event time has reached this moment: decides every whole second up to it. */
  advance(toMs: number): void;
  /** What is new since the last call. */
  drain(): CorrelatorOutput;
  stats(): {
    readonly entities: number;
    readonly relations: number;
    readonly problems: number;
    readonly openIncidents: number;
  };
}

export interface CorrelatorOutput extends InventoryChange {
  readonly results: readonly CorrelationResult[];
  readonly events: readonly UnifiedEvent[];
  readonly sources: readonly SourceHealth[];
}

export interface CorrelatorOptions {
  readonly cluster: string;
  readonly rules: RuleSet;
  readonly minEvents: number;
  /** Default 30_000. */
  readonly windowMs?: number;
  /** Default: {@link confidenceScale}. */
  readonly scale?: ConfidenceScale;
  readonly confidenceFloor?: number;
  readonly dimensions?: Dimensions;
  /** What was learned from past incidents, by cluster. */
  readonly experiences?: Experiences;
}

const tickMs = 1000;
/** After the last change, ticks that may still decide something: settling, disruption, quiet, reopening all end within it. */
const leastRestlessMs = 120_000;
/** How often the graph is told that a source was heard of, while nothing else about it changes: as fine as people ask "since when is it silent?". */
const heardEveryMs = 15_000;

export function createCorrelator(options: CorrelatorOptions): Correlator {
  const { links, causes } = options.rules;
  const restlessMs = Math.max(leastRestlessMs, 4 * (options.windowMs ?? 0));
  const dimensions = options.dimensions ?? allDimensions;
  const inventory = createInventory();
  const problems = createProblems(inventory, options.windowMs);
  const candidates = createCandidates({ inventory, problems, links, dimensions });
  const gate = createGate({ inventory, problems, minEvents: options.minEvents });
  const sources = new Map<string, SourceHealth>();
  /** As of when the graph knows that each source was heard of. */
  const heardMs = new Map<string, number>();
  /** Of which moment the state of each entity is. */
  const statedMs = new Map<string, number>();
  const incidents = createIncidents({
    cluster: options.cluster,
    inventory,
    problems,
    gate,
    causes,
    sourceHealth: () => [...sources.values()].sort((a, b) => (a.source < b.source ? -1 : 1)),
    confidenceFloor: options.confidenceFloor ?? 0.2,
  });
  const tellStories = createStories({
    inventory,
    problems,
    candidates,
    expecting: links.filter(({ expected, path }) => expected && path.steps.length === 0),
    scale: options.scale ?? confidenceScale,
    experience: options.experiences ? experienceOf(options.experiences, options.cluster) : null,
    dimensions,
    couldSee: (): boolean => [...sources.values()].every(({ state }) => state === 'healthy'),
  });

  const doubt = createDoubt();

  let nextTickMs = -Infinity;
  let restlessUntilMs = -Infinity;
  let results: CorrelationResult[] = [];
  let events = new Map<string, UnifiedEvent>();
  let changedSources = new Map<string, SourceHealth>();

  const apply = (finding: Finding): void => {
    const atMs = toEpochMs(finding.at);
    if (finding.kind === 'health') {
      const before = sources.get(finding.source.source);
      if (before && before.lastSeen > finding.source.lastSeen) return;
      sources.set(finding.source.source, {
        ...finding.source,
        lastSeen:
          before?.state === finding.source.state && before.reason === finding.source.reason
            ? before.lastSeen
            : finding.source.lastSeen,
      });
      if (
        !before ||
        before.state !== finding.source.state ||
        before.reason !== finding.source.reason ||
        before.lost !== finding.source.lost ||
        atMs - heardMs.get(finding.source.source)! >= heardEveryMs
      ) {
        heardMs.set(finding.source.source, atMs);
        changedSources.set(finding.source.source, finding.source);
      }
      return;
    }
    if (finding.kind === 'call') {
      const caller = inventory.unit(inventory.intern(finding.caller));
      const callee = resolveCallee(finding.caller, finding.peer, inventory);
      if (callee !== -1 && callee !== caller) inventory.relate('CALLS', caller, callee, atMs);
      restlessUntilMs = Math.max(restlessUntilMs, atMs + tickMs);
      return;
    }
    if (finding.kind === 'event') {
      problems.occurred(finding);
      // Who asks what changed wants to hear of those too that nothing came of.
      if (finding.event.semantic.category.startsWith('change.')) events.set(finding.event.id, finding.event);
      restlessUntilMs = Math.max(restlessUntilMs, atMs + restlessMs);
      return;
    }
    // What comes late must not undo what is newer.
    if (atMs < (statedMs.get(finding.entity.id) ?? -Infinity)) return;
    statedMs.set(finding.entity.id, atMs);
    const index = inventory.apply(finding);
    if (problems.stated(finding, index).length > 0 || finding.problems.length > 0)
      restlessUntilMs = Math.max(restlessUntilMs, atMs + restlessMs);
  };

  const decide = (nowMs: number): void => {
    for (const finding of derive(options.cluster, inventory, problems, nowMs)) problems.occurred(finding);
    problems.forget(nowMs, incidents.holds);
    const involved = [...problems.all()]
      .filter((problem) => problem.firstMs <= nowMs)
      .sort((a, b) => a.serial - b.serial);
    const stories = doubt(tellStories(involved, nowMs), blindShare([...sources.values()]));
    for (const { result, events: told } of incidents.update(stories, nowMs)) {
      results.push(result);
      for (const event of told) events.set(event.id, event);
    }
  };

  const advance = (toMs: number): void => {
    if (nextTickMs === -Infinity) nextTickMs = Math.ceil(toMs / tickMs) * tickMs;
    while (nextTickMs <= toMs) {
      if (nextTickMs <= restlessUntilMs || incidents.open() > 0) decide(nextTickMs);
      else {
        // Nothing can happen before the next finding: skip ahead.
        nextTickMs = Math.floor(toMs / tickMs) * tickMs;
      }
      nextTickMs += tickMs;
    }
  };

  return {
    take(findings) {
      for (const finding of findings) {
        const atMs = toEpochMs(finding.at);
        advance(atMs - 1e-3);
        apply(finding);
      }
    },
    advance,
    drain() {
      const change = inventory.drain();
      const output = { ...change, results, events: [...events.values()], sources: [...changedSources.values()] };
      results = [];
      events = new Map();
      changedSources = new Map();
      return output;
    },
    stats: () => ({ ...inventory.size(), problems: [...problems.all()].length, openIncidents: incidents.open() }),
  };
}
