import { toMs } from './moments.js';
import type { EntityName, IncidentStory, Severity, StoryEvent } from './queries.js';
import { unitsOf } from './units.js';

/** Events of one thing so close in time that they would cover each other. */
export interface Mark {
  readonly id: string;
  readonly atMs: number;
  readonly events: readonly StoryEvent[];
  /** The worst of them. */
  readonly severity: Severity;
}

export interface LaneRow {
  readonly entity: EntityName;
  readonly root: boolean;
  readonly marks: readonly Mark[];
}

const rank = { CRITICAL: 0, ERROR: 1, WARNING: 2, INFO: 3 } as const;

/** Lanes of an incident over its whole time: the root cause first, then by what was touched first. A mark takes `markShare` of the width. */
export function laneRows(
  incident: IncidentStory,
  markShare: number,
): {
  readonly rows: readonly LaneRow[];
  readonly beginMs: number;
  readonly endMs: number;
} {
  const { events, rootCauses, openedAt, resolvedAt } = incident;
  const unitOf = unitsOf(incident);
  const all = events.edges.map(({ node }) => node).sort((a, b) => (a.timestamp < b.timestamp ? -1 : 1));
  const times = [
    ...all.map(({ timestamp }) => toMs(timestamp)),
    toMs(openedAt),
    ...(resolvedAt ? [toMs(resolvedAt)] : []),
  ];
  const from = Math.min(...times);
  const to = Math.max(...times, from + 1_000);
  // A little air, so that the first and the last mark are whole.
  const beginMs = from - (to - from) * 0.03;
  const endMs = to + (to - from) * 0.03;
  const rootEvent = rootCauses[0]?.event;
  const rootId = rootEvent ? unitOf(rootEvent).id : undefined;
  const byUnit = new Map<string, StoryEvent[]>();
  for (const event of all) byUnit.set(unitOf(event).id, [...(byUnit.get(unitOf(event).id) ?? []), event]);
  const rows = [...byUnit.values()].map((those): LaneRow => {
    const entity = unitOf(those[0]!);
    return { entity, root: entity.id === rootId, marks: marksOf(those, (endMs - beginMs) * markShare) };
  });
  rows.sort((a, b) => Number(b.root) - Number(a.root) || a.marks[0]!.atMs - b.marks[0]!.atMs);
  return { rows, beginMs, endMs };
}

function marksOf(events: readonly StoryEvent[], widthMs: number): readonly Mark[] {
  const groups: StoryEvent[][] = [];
  for (const event of events) {
    const last = groups.at(-1);
    if (last && toMs(event.timestamp) - toMs(last[0]!.timestamp) < widthMs) last.push(event);
    else groups.push([event]);
  }
  return groups.map((group) => ({
    id: group[0]!.id,
    atMs: toMs(group[0]!.timestamp),
    events: group,
    severity: group.map(({ severity }) => severity).sort((a, b) => rank[a] - rank[b])[0]!,
  }));
}
