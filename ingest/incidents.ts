import { categoryInfo, type Category } from '../src/model/categories.js';
import type {
  AffectedEntity,
  CorrelationResult,
  IncidentStatus,
  RankedCause,
  TimelineEntry,
} from '../src/model/correlation-result.js';
import type { SourceHealth } from '../src/model/finding.js';
import { contentId } from '../src/model/ids.js';
import { fromEpochMs, toEpochMs } from '../src/model/time.js';
import { severities, type Severity, type UnifiedEvent } from '../src/model/unified-event.js';
import type { Story } from './correlate/story.js';
import { conclude } from './conclude.js';
import { concludedEvent } from './derive/derive.js';
import type { Gate } from './gate.js';
import type { Inventory } from './inventory.js';
import { narrate } from './narrate.js';
import { representative, type Problem, type Problems } from './problems.js';
import type { CauseRule } from './rules/rule.js';

/**
 * The life of incidents: opened when a story is ripe, revised when it changes in something a reader would act on, merged when one cause
 * turns out to explain two, resolved when all of it has been quiet for a while, reopened when the same comes back unchanged.
 */
export interface Incidents {
  /** Takes the stories as they stand now; returns a result for each incident that is new or materially different. */
  update(stories: readonly Story[], nowMs: number): Revision[];
  /** Problems that open incidents still need. */
  holds(problem: Problem): boolean;
  open(): number;
}

export interface Revision {
  readonly result: CorrelationResult;
  /** Every event the result refers to. */
  readonly events: readonly UnifiedEvent[];
}

export interface IncidentParts {
  readonly cluster: string;
  readonly inventory: Inventory;
  readonly problems: Problems;
  readonly gate: Gate;
  readonly causes: readonly CauseRule[];
  readonly sourceHealth: () => readonly SourceHealth[];
  /** Below this the answer is Unknown. */
  readonly confidenceFloor: number;
}

interface Incident {
  readonly id: string;
  readonly openedMs: number;
  readonly problems: Set<Problem>;
  status: IncidentStatus;
  revision: number;
  rootKey: string;
  rootUnit: number;
  resolvedMs: number;
  fingerprint: string;
  story: Story;
  mergedInto: string | null;
  readonly timeline: TimelineEntry[];
}

/** All quiet for this long is the end. The activity of log and call problems itself lasts 15 s beyond their last sight. */
const quietMs = 15_000;
/** The same cause within this, with nothing changed in between, is the same incident again. */
const reopenMs = 300_000;
const maxTimeline = 100;
const maxResultEvents = 200;

export function createIncidents(parts: IncidentParts): Incidents {
  const { inventory, problems } = parts;
  let incidents: Incident[] = [];
  /** What open incidents hold, made anew when one of them changed. */
  let held = new Set<Problem>();
  const isChange = (problem: Problem): boolean => problem.category.startsWith('change.');

  const activeUntil = (incident: Incident, nowMs: number): number => {
    let last = -Infinity;
    for (const problem of incident.problems) {
      if (isChange(problem)) continue;
      last = Math.max(last, problems.isActive(problem, nowMs) ? nowMs : problem.lastMs);
    }
    return last;
  };

  /** Open incidents to stories: the same root first, then the most shared problems, then the older story. */
  const match = (stories: readonly Story[], open: readonly Incident[]): Map<Incident, Story> => {
    const holders = new Map<Problem, Incident[]>();
    for (const incident of open) {
      for (const problem of incident.problems) {
        if (isChange(problem)) continue;
        const list = holders.get(problem);
        if (list) list.push(incident);
        else holders.set(problem, [incident]);
      }
    }
    const claims: { incident: Incident; story: Story; sameRoot: boolean; shared: number }[] = [];
    for (const story of stories) {
      const shared = new Map<Incident, number>();
      for (const member of story.members)
        for (const incident of holders.get(member) ?? []) shared.set(incident, (shared.get(incident) ?? 0) + 1);
      for (const [incident, number] of shared) {
        const sameRoot = story.root.key === incident.rootKey && incident.problems.has(story.root);
        claims.push({ incident, story, sameRoot, shared: number });
      }
    }
    claims.sort(
      (a, b) =>
        Number(b.sameRoot) - Number(a.sameRoot) ||
        b.shared - a.shared ||
        a.incident.openedMs - b.incident.openedMs ||
        a.story.root.serial - b.story.root.serial,
    );
    const matched = new Map<Incident, Story>();
    const taken = new Set<Story>();
    for (const { incident, story } of claims) {
      if (matched.has(incident) || taken.has(story)) continue;
      matched.set(incident, story);
      taken.add(story);
    }
    return matched;
  };

  const reopenable = (story: Story, nowMs: number): Incident | undefined =>
    incidents.find(
      (incident) =>
        incident.status === 'RESOLVED' &&
        incident.mergedInto === null &&
        incident.rootKey === story.root.key &&
        nowMs - incident.resolvedMs < reopenMs &&
        !problems
          .on(story.root.unit)
          .some((problem) => isChange(problem) && problem.lastMs > incident.resolvedMs - quietMs * 2),
    );

  const note = (incident: Incident, kind: TimelineEntry['kind'], nowMs: number, text: string): void => {
    if (incident.timeline.length < maxTimeline)
      incident.timeline.push({ at: fromEpochMs(nowMs), kind, text, eventId: null });
  };

  return {
    update(stories, nowMs) {
      const revised = new Set<Incident>();
      const open = incidents.filter(({ status }) => status !== 'RESOLVED');
      const matched = match(stories, open);
      const taken = new Set(matched.values());

      for (const [incident, story] of matched) {
        if (incident.rootKey !== story.root.key) {
          incident.rootKey = story.root.key;
          incident.rootUnit = story.root.unit;
        }
        if (incident.story === story) continue;
        incident.story = story;
        for (const member of story.members) incident.problems.add(member);
        revised.add(incident);
      }
      // An incident whose problems another one's cause now explains is a part of that one.
      for (const incident of open) {
        if (matched.has(incident)) continue;
        const into = [...matched].find(([, story]) =>
          story.members.some((member) => !isChange(member) && incident.problems.has(member)),
        )?.[0];
        if (!into) continue;
        incident.status = 'RESOLVED';
        incident.resolvedMs = nowMs;
        incident.mergedInto = into.id;
        for (const problem of incident.problems) into.problems.add(problem);
        note(incident, 'MERGED', nowMs, `Part of ${into.id}: one cause explains both.`);
        note(into, 'MERGED', nowMs, `Took in ${incident.id}: one cause explains both.`);
        revised.add(incident);
      }
      for (const story of stories) {
        if (taken.has(story) || !parts.gate.ripe(story, nowMs)) continue;
        const known = reopenable(story, nowMs);
        if (known) {
          known.status = 'OPEN';
          known.resolvedMs = NaN;
          known.story = story;
          known.rootUnit = story.root.unit;
          for (const member of story.members) known.problems.add(member);
          note(known, 'REOPENED', nowMs, 'The same problem is back, and nothing was changed in between.');
          revised.add(known);
          continue;
        }
        const incident: Incident = {
          id: contentId('incident', parts.cluster, representative(story.root).id, fromEpochMs(nowMs)).slice(0, 16),
          openedMs: nowMs,
          problems: new Set(story.members),
          status: 'OPEN',
          revision: 0,
          rootKey: story.root.key,
          rootUnit: story.root.unit,
          resolvedMs: NaN,
          fingerprint: '',
          story,
          mergedInto: null,
          timeline: [],
        };
        note(incident, 'OPENED', nowMs, `Opened on ${story.members.length} findings.`);
        incidents.push(incident);
        revised.add(incident);
      }
      for (const incident of incidents) {
        if (incident.status === 'RESOLVED' || nowMs - activeUntil(incident, nowMs) < quietMs) continue;
        incident.status = 'RESOLVED';
        incident.resolvedMs = nowMs;
        note(incident, 'RESOLVED', nowMs, `Quiet for ${quietMs / 1000} s.`);
        problems.settle(incident.problems, nowMs);
        revised.add(incident);
      }
      const revisions: Revision[] = [];
      for (const incident of incidents) {
        if (!revised.has(incident)) continue;
        const revision = tell(incident, nowMs);
        if (revision) revisions.push(revision);
      }
      if (revised.size > 0) {
        incidents = incidents.filter(
          ({ status, resolvedMs }) => status !== 'RESOLVED' || nowMs - resolvedMs <= reopenMs,
        );
        held = new Set(incidents.flatMap(({ status, problems: own }) => (status === 'RESOLVED' ? [] : [...own])));
      }
      return revisions;
    },
    holds: (problem) => held.has(problem),
    open: () => incidents.filter(({ status }) => status !== 'RESOLVED').length,
  };

  /** The incident as a result, or null when nothing in it changed that a reader would act on. */
  function tell(incident: Incident, nowMs: number): Revision | null {
    const { story } = incident;
    const { root } = story;
    const category = conclude(root, story, inventory, parts.confidenceFloor);
    const severity = severityOf(incident, category);
    const fingerprint = [
      incident.status,
      root.key,
      category,
      severity,
      incident.mergedInto,
      Math.round(story.confidence * 5),
      ...story.members.map(({ key }) => key).sort(),
      ...story.edges.map(({ rule, cause, effect }) => `${rule.id}:${cause.key}>${effect.key}`).sort(),
    ].join('\n');
    if (fingerprint === incident.fingerprint) return null;
    if (incident.revision > 0 && incident.status === 'OPEN' && incident.timeline.at(-1)?.at !== fromEpochMs(nowMs)) {
      note(
        incident,
        'REVISED',
        nowMs,
        `Revision ${incident.revision + 1}: ${story.members.length} findings, confidence ${story.confidence.toFixed(2)}.`,
      );
    }
    incident.fingerprint = fingerprint;
    incident.revision++;

    const events = new Map<string, UnifiedEvent>();
    const standIn = new Map<Problem, UnifiedEvent>();
    for (const member of story.members) {
      const event = representative(member);
      const concluded = member === root && category !== root.category && category !== 'unknown';
      const shown = concluded ? concludedEvent(event, category, event.semantic.message) : event;
      standIn.set(member, shown);
      events.set(shown.id, shown);
    }
    for (const member of story.members) {
      for (const event of member.events.values()) {
        if (events.size >= maxResultEvents) break;
        if (!(member === root && isChange(root)) && !events.has(event.id)) events.set(event.id, event);
      }
    }
    for (const { problem } of story.alternatives) {
      const event = representative(problem);
      if (!standIn.has(problem)) events.set(event.id, event);
    }
    const idOf = (problem: Problem): string => (standIn.get(problem) ?? representative(problem)).id;
    const resolvedAt = Number.isNaN(incident.resolvedMs) ? null : fromEpochMs(incident.resolvedMs);
    const words = narrate(story, {
      inventory,
      causes: parts.causes,
      category,
      recentChange: recentChange(root),
      resolvedAt,
    });
    const rootEvent = standIn.get(root)!;
    const rootCauses: RankedCause[] = [
      {
        rank: 1,
        confidence: story.confidence,
        category,
        eventId: rootEvent.id,
        entity: inventory.ref(root.unit),
        evidence: story.evidence,
        whyNot: null,
      },
      ...story.alternatives.map(({ problem, confidence, evidence, whyNot }, i): RankedCause => ({
        rank: i + 2,
        confidence,
        category: problem.category,
        eventId: idOf(problem),
        entity: inventory.ref(problem.unit),
        evidence,
        whyNot,
      })),
    ];
    const entities = affected(story);
    const byTime = [...events.values()].sort((a, b) =>
      a.timestamp < b.timestamp ? -1 : a.timestamp > b.timestamp ? 1 : a.id < b.id ? -1 : 1,
    );
    const member = new Set(story.members.flatMap((problem) => [...problem.events.keys(), idOf(problem)]));
    const result: CorrelationResult = {
      id: `${incident.id}.${incident.revision}`,
      traceId: byTime.find(({ traceContext }) => traceContext !== null)?.traceContext?.traceId ?? null,
      events: byTime.filter(({ id }) => member.has(id)).map(({ id }) => id),
      rootCauseEventId: rootEvent.id,
      confidence: story.confidence,
      summary: words.summary,
      rootCause: words.rootCause,
      recommendation: words.recommendation,
      incidentId: incident.id,
      revision: incident.revision,
      status: incident.status,
      severity,
      title: words.title,
      category,
      cluster: parts.cluster,
      namespaces: [...new Set(entities.map(({ entity }) => entity.namespace).filter((name) => name !== null))].sort(),
      rootCauseEntity: inventory.ref(root.unit),
      openedAt: fromEpochMs(incident.openedMs),
      updatedAt: fromEpochMs(nowMs),
      resolvedAt,
      mergedInto: incident.mergedInto,
      entities,
      edges: story.edges.map(({ cause, effect, rule, ...scores }) => ({
        from: idOf(cause),
        to: idOf(effect),
        rule: rule.id,
        confidence: round(scores.strength),
        temporal: round(scores.temporal),
        spatial: round(scores.spatial),
        causal: round(scores.causal),
        semantic: round(scores.semantic),
        lagMs: round(scores.lagMs),
        evidence: [rule.because, representative(cause).semantic.message, representative(effect).semantic.message],
      })),
      rootCauses,
      alternatives: rootCauses.slice(1),
      contradictions: story.contradictions,
      sourceHealth: parts.sourceHealth(),
      timeline: [...incident.timeline],
    };
    return { result, events: byTime };
  }

  function severityOf(incident: Incident, category: Category): Severity {
    let rank = severities.indexOf(categoryInfo(category).severity);
    for (const member of incident.story.members)
      rank = Math.max(rank, severities.indexOf(representative(member).impact.severity));
    return severities[rank]!;
  }

  function affected(story: Story): AffectedEntity[] {
    const found = new Map<number, AffectedEntity>();
    found.set(story.root.unit, { entity: inventory.ref(story.root.unit), role: 'ROOT_CAUSE' });
    for (const member of story.members) {
      if (isChange(member) || found.has(member.unit)) continue;
      found.set(member.unit, { entity: inventory.ref(member.unit), role: 'AFFECTED' });
    }
    return [...found.values()];
  }

  /** Who changes what, shortly before: worth saying beside a cause that is not the change itself. */
  function recentChange(root: Problem): UnifiedEvent | null {
    if (isChange(root)) return null;
    let newest: UnifiedEvent | null = null;
    for (const problem of problems.on(root.unit)) {
      if (!/^change\.(spec|image|config|scale)$/.test(problem.category)) continue;
      const event = representative(problem);
      const beforeMs = root.firstMs - toEpochMs(event.timestamp);
      if (beforeMs < -5_000 || beforeMs > 900_000) continue;
      if (!newest || event.timestamp > newest.timestamp) newest = event;
    }
    return newest;
  }
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
