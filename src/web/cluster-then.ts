import type { GraphContent, GraphEdge, Tone } from './graph-canvas.js';
import { toMs } from './moments.js';
import type { EntityName, IncidentStory, Severity, StoryEvent, Topology, TopologyRelation } from './queries.js';
import { unitsOf } from './units.js';
import { categoryWords, entityWords, relationWords } from './words.js';

/** How much of the topology is drawn: what people think in, pods too, or all there is. */
export type Detail = 'workloads' | 'pods' | 'everything';

const plain = [
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'CronJob',
  'Job',
  'Service',
  'Ingress',
  'Gateway',
  'HTTPRoute',
  'Node',
];
const alsoPlain = ['PersistentVolumeClaim', 'HorizontalPodAutoscaler', 'ExternalEndpoint', 'ClusterDns'];
const kindsOf: Readonly<Record<Exclude<Detail, 'everything'>, readonly string[]>> = {
  workloads: [...plain, ...alsoPlain],
  pods: [...plain, ...alsoPlain, 'Pod'],
};

/** What is wrong with a thing at a moment, and since when. */
export interface Failing {
  readonly entity: EntityName;
  readonly event: StoryEvent;
  readonly incident: IncidentStory;
}

/** Something that happened at a moment, as the slider passes it. */
export interface Happening {
  readonly ms: number;
  readonly kind: 'fails' | 'heals' | 'appears' | 'goes' | 'changes';
  readonly text: string;
  readonly entity: EntityName | null;
}

const rank: Readonly<Record<Severity, number>> = { CRITICAL: 0, ERROR: 1, WARNING: 2, INFO: 3 };

/** The worst of each thing at a moment: events that have happened, of incidents that are not over by then. */
export function failingAt(stories: readonly IncidentStory[], ms: number): ReadonlyMap<string, Failing> {
  const failing = new Map<string, Failing>();
  for (const incident of stories) {
    if (incident.resolvedAt !== null && toMs(incident.resolvedAt) <= ms) continue;
    const unitOf = unitsOf(incident);
    const touched = new Set(incident.affected.map(({ entity }) => entity.id));
    for (const { node: event } of incident.events.edges) {
      if (toMs(event.timestamp) > ms || event.category.startsWith('change.')) continue;
      const unit = unitOf(event);
      // What is only a part of the story, such as a pod of the workload, fails by itself as well.
      for (const entity of touched.has(unit.id) ? [unit, event.entity] : [event.entity]) {
        const known = failing.get(entity.id);
        if (known && rank[known.event.severity] <= rank[event.severity]) continue;
        failing.set(entity.id, { entity, event, incident });
      }
    }
  }
  return failing;
}

/** What happened in the stories and in the topology, by time. */
export function happenings(stories: readonly IncidentStory[], nodes: Topology['nodes']): readonly Happening[] {
  const all: Happening[] = [];
  for (const incident of stories) {
    const unitOf = unitsOf(incident);
    for (const { node: event } of incident.events.edges) {
      const kind = event.category.startsWith('change.') ? 'changes' : 'fails';
      all.push({ ms: toMs(event.timestamp), kind, text: event.message, entity: unitOf(event) });
    }
    if (incident.resolvedAt !== null)
      all.push({
        ms: toMs(incident.resolvedAt),
        kind: 'heals',
        text: `Over: ${incident.title}`,
        entity: incident.rootCauseEntity,
      });
  }
  for (const node of nodes) {
    if (node.createdAt !== null)
      all.push({ ms: toMs(node.createdAt), kind: 'appears', text: `${entityWords(node)} appears`, entity: node });
    if (node.deletedAt !== null)
      all.push({ ms: toMs(node.deletedAt), kind: 'goes', text: `${entityWords(node)} is gone`, entity: node });
  }
  return all.sort((a, b) => a.ms - b.ms);
}

export interface Drawing extends GraphContent {
  /** Drawn and there at the moment. */
  readonly present: readonly EntityName[];
}

interface DrawingOptions {
  /** Every node that any of the looked-at moments had, so that things keep their places while the slider moves. */
  readonly union: Topology['nodes'];
  readonly unionRelations: readonly TopologyRelation[];
  /** As of the moment. */
  readonly now: Topology;
  readonly ms: number;
  readonly stories: readonly IncidentStory[];
  readonly failing: ReadonlyMap<string, Failing>;
  readonly detail: Detail;
}

/** The topology at a moment with what fails in it and what led to what. What is hidden is stood for by its owner. */
export function drawing({ union, unionRelations, now, ms, stories, failing, detail }: DrawingOptions): Drawing {
  const owner = new Map(
    unionRelations.filter(({ type }) => type === 'OWNS').map(({ from, to }) => [to, from] as const),
  );
  const byId = new Map(union.map((node) => [node.id, node]));
  const shown = ({ id, kind }: EntityName): boolean =>
    detail === 'everything' || kindsOf[detail].includes(kind) || id === now.root.id;
  const standsFor = (id: string): string | null => {
    for (let at: string | undefined = id, steps = 0; at !== undefined && steps < 6; at = owner.get(at), steps += 1) {
      const node = byId.get(at);
      if (node && shown(node)) return at;
    }
    return null;
  };
  const present = new Set(now.nodes.map(({ id }) => id));
  const current = new Set(now.relations.map(({ type, from, to }) => `${type} ${from} ${to}`));
  const edges = new Map<string, GraphEdge>();
  for (const { type, from, to } of unionRelations) {
    const [a, b] = [standsFor(from), standsFor(to)];
    if (a === null || b === null || a === b) continue;
    const id = `${type} ${a} ${b}`;
    const there = current.has(`${type} ${from} ${to}`);
    if (edges.get(id)?.dashed === false && !there) continue;
    edges.set(id, {
      id,
      from: a,
      to: b,
      width: there ? 1.4 : 0.8,
      label: relationWords(type),
      dashed: !there,
      cause: false,
    });
  }
  for (const edge of causesAt(stories, ms, standsFor)) edges.set(edge.id, edge);
  const linked = new Set([...edges.values()].flatMap(({ from, to }) => [from, to]));
  const nodes = union.filter((node) => shown(node) && (linked.has(node.id) || node.id === now.root.id));
  return {
    present: nodes.filter(({ id }) => present.has(id)),
    edges: [...edges.values()],
    nodes: nodes.map((node) => {
      const wrong = failing.get(node.id);
      const there = present.has(node.id);
      const root = wrong?.incident.rootCauseEntity?.id === node.id;
      const tone: Tone = !there
        ? 'gone'
        : wrong
          ? root
            ? 'root'
            : toneOf(wrong.event.severity)
          : node.id === now.root.id
            ? 'focus'
            : 'plain';
      const state = wrong ? categoryWords(wrong.event.category) : there ? 'well' : 'not there';
      return { id: node.id, title: entityWords(node), subtitle: state, tone };
    }),
  };
}

function toneOf(severity: Severity): Tone {
  return severity.toLowerCase() as 'critical' | 'error' | 'warning' | 'info';
}

/** What had led to what by then, between the things drawn. */
function causesAt(
  stories: readonly IncidentStory[],
  ms: number,
  standsFor: (id: string) => string | null,
): readonly GraphEdge[] {
  const edges: GraphEdge[] = [];
  for (const incident of stories) {
    if (incident.resolvedAt !== null && toMs(incident.resolvedAt) <= ms) continue;
    const unitOf = unitsOf(incident);
    const events = new Map(incident.causalGraph.nodes.map((event) => [event.id, event]));
    for (const { from, to, confidence } of incident.causalGraph.edges) {
      const [cause, effect] = [events.get(from.id), events.get(to.id)];
      if (!cause || !effect || toMs(effect.timestamp) > ms) continue;
      const [a, b] = [standsFor(unitOf(cause).id), standsFor(unitOf(effect).id)];
      if (a === null || b === null || a === b) continue;
      edges.push({
        id: `led to ${a} ${b}`,
        from: a,
        to: b,
        width: 1.2 + 4.8 * confidence ** 2,
        label: 'led to',
        dashed: false,
        cause: true,
      });
    }
  }
  return edges;
}
