import { isCategory, type Category } from '../../src/model/categories.js';
import { entityRef, relationTypes, type EntityRef, type RelationType } from '../../src/model/entity.js';
import type { EntityFinding, EventFinding } from '../../src/model/finding.js';
import { contentId } from '../../src/model/ids.js';
import { fromEpochMs } from '../../src/model/time.js';
import { allDimensions, createCandidates } from '../correlate/candidates.js';
import { createInventory } from '../inventory.js';
import { createProblems } from '../problems.js';
import type { LinkRule } from './rule.js';

/** A world of two problems, to show what a rule links and what it must not. */
export interface Fixture {
  readonly cause: FixtureProblem;
  readonly effect: FixtureProblem;
  readonly given: readonly FixtureFact[];
  /** For a guard: why these two are not cause and effect. */
  readonly because: string | null;
}

export interface FixtureProblem {
  readonly category: Category;
  readonly on: EntityRef;
  readonly attributes: Readonly<Record<string, string>>;
  /** When it begins, after (or, negative, before) the moment at which everything is set up. */
  readonly atMs: number;
}

/** `Service/cart SELECTS Deployment/cart`, or `Service/cart ports=8080:8080`. */
export interface FixtureFact {
  readonly on: EntityRef;
  readonly relation: { readonly type: RelationType; readonly to: EntityRef } | null;
  readonly facts: Readonly<Record<string, string>>;
}

const cluster = 'fixture';
const startMs = Date.UTC(2026, 0, 1);
const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const clusterWide =
  /^(?:Node|Namespace|PersistentVolume|StorageClass|PriorityClass|Registry|ExternalEndpoint|ClusterRole|ClusterRoleBinding|ControlPlane|APIService|CSIDriver|CustomResourceDefinition|\w+WebhookConfiguration)$/;

/**
 * `call.refused on Deployment/web to cart:8080 exitCode=1 after 2s`: category, place (`Kind/name` or `Kind/namespace/name`; the namespace
 * is `shop` where none is written), what is called, attributes, and when. Returns what is wrong as text.
 */
export function parseFixtureProblem(text: string): FixtureProblem | string {
  const [category = '', on, place = '', ...rest] = text.trim().split(/\s+/);
  if (!isCategory(category)) return `"${text}": "${category}" is not a category of src/model/categories.ts`;
  const entity = on === 'on' ? parsePlace(place) : null;
  if (!entity) return `"${text}": wanted "<category> on <Kind>/<name>"`;
  const attributes: Record<string, string> = {};
  let atMs = 0;
  for (let i = 0; i < rest.length; i++) {
    const word = rest[i]!;
    const pair = /^([\w.-]+)=(.*)$/.exec(word);
    if (pair) attributes[pair[1]!] = pair[2]!;
    else if (word === 'to' && rest[i + 1]) attributes.peer = rest[++i]!;
    else if (word === 'after' || word === 'before') {
      const time = /^(\d+)(ms|s|m|h)$/.exec(rest[++i] ?? '');
      if (!time) return `"${text}": "${word}" wants a duration such as 2s`;
      atMs = Number(time[1]) * unitMs[time[2] as 'ms' | 's' | 'm' | 'h'] * (word === 'after' ? 1 : -1);
    } else return `"${text}": "${word}" is none of key=value, to <host:port>, after <duration>, before <duration>`;
  }
  return { category, on: entity, attributes, atMs };
}

export function parseFixtureFact(text: string): FixtureFact | string {
  const [place = '', ...rest] = text.trim().split(/\s+/);
  const on = parsePlace(place);
  if (!on) return `"${text}": wanted "<Kind>/<name> RELATION <Kind>/<name>" or "<Kind>/<name> key=value"`;
  const pairs = rest.map((word) => /^([\w.-]+)=(.*)$/.exec(word));
  if (rest.length > 0 && pairs.every((pair) => pair !== null))
    return { on, relation: null, facts: Object.fromEntries(pairs.map((pair) => [pair[1]!, pair[2]!])) };
  const [type, target, more] = rest;
  const to = parsePlace(target ?? '');
  if (!to || more !== undefined || !relationTypes.includes(type as RelationType))
    return `"${text}": wanted one of ${relationTypes.join(' ')} and a <Kind>/<name>`;
  return { on, relation: { type: type as RelationType, to }, facts: {} };
}

function parsePlace(text: string): EntityRef | null {
  const [kind, ...names] = text.split('/');
  const name = names.at(-1);
  if (!kind || !name || names.length > 2 || !/^[A-Z]/.test(kind)) return null;
  return entityRef(cluster, kind, clusterWide.test(kind) ? null : names.length === 2 ? names[0]! : 'shop', name);
}

/** The rule that draws the edge from the fixture's cause to its effect, through the engine's own inventory and candidates; null: none does. */
export function drawnBy({ cause, effect, given }: Fixture, links: readonly LinkRule[]): string | null {
  const inventory = createInventory();
  const problems = createProblems(inventory);
  const states = new Map<
    string,
    { entity: EntityRef; facts: Record<string, string>; relations: EntityFinding['relations'] }
  >();
  const state = (entity: EntityRef): { facts: Record<string, string>; relations: EntityFinding['relations'] } => {
    const known = states.get(entity.id) ?? { entity, facts: {}, relations: [] };
    states.set(entity.id, known);
    return known;
  };
  for (const problem of [cause, effect]) state(problem.on);
  for (const { on, relation, facts } of given) {
    const known = state(on);
    Object.assign(known.facts, facts);
    if (!relation) continue;
    state(relation.to);
    known.relations = [...known.relations, { type: relation.type, from: on.id, to: relation.to.id }];
  }
  const at = fromEpochMs(startMs);
  for (const { entity, facts, relations } of states.values()) {
    inventory.apply({
      kind: 'entity',
      at,
      entity,
      deleted: false,
      createdAt: null,
      labels: {},
      facts,
      selector: null,
      relations,
      problems: [],
    });
  }
  const begun = [cause, effect].map((problem) => ({ problem, seen: problems.occurred(occurrence(problem)) }));
  const candidates = createCandidates({ inventory, problems, links, dimensions: allDimensions });
  return candidates(begun[1]!.seen!).find((candidate) => candidate.cause === begun[0]!.seen)?.rule.id ?? null;
}

function occurrence({ category, on, attributes, atMs }: FixtureProblem): EventFinding {
  const at = fromEpochMs(startMs + 3_600_000 + atMs);
  return {
    kind: 'event',
    at,
    event: {
      id: contentId('fixture', category, on.id, at),
      timestamp: at,
      type: 'kubeapi',
      k8sContext: {
        cluster,
        node: null,
        namespace: on.namespace,
        pod: null,
        podUid: null,
        container: null,
        containerId: null,
        workload: null,
        service: null,
      },
      entity: on,
      traceContext: null,
      semantic: { category, message: category, template: null, fingerprint: contentId(on.id, category), attributes },
      impact: { severity: 'ERROR', scope: 'pod' },
      count: 1,
      firstSeen: at,
      lastSeen: at,
    },
  };
}

/** What a rule's own fixtures show to be wrong with it, the rule taken by itself. */
export function failingFixtures(link: LinkRule): string[] {
  const told = ({ cause, effect }: Fixture): string =>
    `${cause.category} on ${cause.on.kind}/${cause.on.name}, ${effect.category} on ${effect.on.kind}/${effect.on.name}`;
  const alone = [link];
  return [
    ...link.fires
      .filter((fixture) => drawnBy(fixture, alone) === null)
      .map((fixture) => `rule ${link.id} does not fire on its own example: ${told(fixture)}`),
    ...link.guards
      .filter((fixture) => drawnBy(fixture, alone) !== null)
      .map((fixture) => `rule ${link.id} fires although ${fixture.because ?? 'a guard forbids it'}: ${told(fixture)}`),
  ];
}
