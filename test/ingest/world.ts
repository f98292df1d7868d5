import { join } from 'node:path';
import { createCorrelator, type CorrelatorOptions } from '../../ingest/correlator.js';
import { loadRules } from '../../ingest/rules/load.js';
import type { Category } from '../../src/model/categories.js';
import type { CorrelationResult } from '../../src/model/correlation-result.js';
import { entityRef, entityTitle, type EntityRef, type RelationType } from '../../src/model/entity.js';
import type { EntityFinding, Finding } from '../../src/model/finding.js';
import { contentId } from '../../src/model/ids.js';
import type { SourceState } from '../../src/model/payloads.js';
import { fromEpochMs } from '../../src/model/time.js';
import type { UnifiedEvent } from '../../src/model/unified-event.js';

export const rules = loadRules([join(import.meta.dirname, '../../ingest/rules')]);
export const startMs = Date.UTC(2026, 0, 1);
const clusterWide = new Set(['Node', 'Namespace', 'ControlPlane', 'IngressClass', 'Registry']);

/** `Kind/name` in namespace shop, or `Kind/namespace/name`. */
export function place(text: string): EntityRef {
  const [kind = '', ...names] = text.split('/');
  const namespace = clusterWide.has(kind) ? null : names.length > 1 ? names[0]! : 'shop';
  return entityRef('test', kind, namespace, names.at(-1)!);
}

type Attributes = UnifiedEvent['semantic']['attributes'];

export interface Thing {
  readonly at?: number;
  /** When it was made; 0 where nothing is said. */
  readonly created?: number;
  readonly deleted?: boolean;
  readonly facts?: EntityFinding['facts'];
  readonly labels?: Record<string, string>;
  readonly selector?: Record<string, string>;
  readonly relations?: readonly (readonly [RelationType, string])[];
  /** Who owns it, as its ownerReferences say. */
  readonly ownedBy?: string;
  /** What the object says is wrong with it; what is not said again has ended. */
  readonly wrong?: readonly Category[];
}

const moment = (second: number): string => fromEpochMs(startMs + second * 1000);

interface Seen {
  readonly category: Category;
  readonly entity: EntityRef;
  readonly first: number;
  readonly last: number;
  readonly attributes: Attributes;
  readonly message: string;
}

function eventOf({ category, entity, first, last, attributes, message }: Seen): UnifiedEvent {
  return {
    id: contentId(category, entity.id, moment(first)),
    timestamp: moment(first),
    type: category.startsWith('change.') ? 'kubeapi' : 'log',
    k8sContext: {
      cluster: 'test',
      node: null,
      namespace: entity.namespace,
      pod: null,
      podUid: null,
      container: null,
      containerId: null,
      workload: null,
      service: null,
    },
    entity,
    traceContext: null,
    semantic: { category, message, template: null, fingerprint: contentId(entity.id, category), attributes },
    impact: { severity: 'ERROR', scope: 'workload' },
    count: 1 + (last - first) / 2,
    firstSeen: moment(first),
    lastSeen: moment(last),
  };
}

/** All revisions of all incidents, in order. `asks` are further moments, in seconds, at which the correlator is told the time. */
export function play(
  findings: readonly Finding[],
  seconds: number,
  options: Partial<CorrelatorOptions> & { readonly asks?: readonly number[] } = {},
): CorrelationResult[] {
  const { asks = [], ...more } = options;
  const correlator = createCorrelator({ cluster: 'test', rules, minEvents: 2, ...more });
  const times = [...asks].map(moment).sort();
  const results: CorrelationResult[] = [];
  const ask = (before: string): void => {
    while (times.length > 0 && times[0]! < before) {
      correlator.advance(Date.parse(times.shift()!));
      results.push(...correlator.drain().results);
    }
  };
  for (const finding of [...findings].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))) {
    ask(finding.at);
    correlator.take([finding]);
  }
  ask(moment(seconds));
  correlator.advance(startMs + seconds * 1000);
  return [...results, ...correlator.drain().results];
}

/** The last revision of each incident that was not merged into another. */
export function latest(results: readonly CorrelationResult[]): CorrelationResult[] {
  const byId = new Map<string, CorrelationResult>();
  for (const result of results) byId.set(result.incidentId, result);
  return [...byId.values()].filter(({ mergedInto }) => mergedInto === null);
}

export const told = (results: readonly CorrelationResult[]): string[] =>
  results.map(({ category, rootCauseEntity }) => `${category} ${entityTitle(rootCauseEntity)}`);
export const affected = (result: CorrelationResult | undefined): string[] =>
  (result?.entities ?? []).map(({ entity }) => entityTitle(entity));

/** A small cluster: `thing` states an object, `happens` an event that goes on for a while, `run` plays it all. */
export function world() {
  const findings: Finding[] = [];
  const thing = (on: string, more: Thing = {}): void => {
    const entity = place(on);
    const second = more.at ?? 0;
    findings.push({
      kind: 'entity',
      at: moment(second),
      entity,
      deleted: more.deleted ?? false,
      createdAt: moment(more.created ?? 0),
      labels: more.labels ?? {},
      facts: more.facts ?? {},
      selector: more.selector ?? null,
      relations: [
        ...(more.relations ?? []).map(([type, to]) => ({ type, from: entity.id, to: place(to).id })),
        ...(more.ownedBy === undefined ? [] : [{ type: 'OWNS' as const, from: place(more.ownedBy).id, to: entity.id }]),
      ],
      problems: (more.wrong ?? []).map((category) => ({
        ...eventOf({
          category,
          entity,
          first: second,
          last: second,
          attributes: {},
          message: `${entityTitle(entity)} states ${category}`,
        }),
        id: contentId('stated', category, entity.id),
      })),
    });
  };
  const happens = (
    category: Category,
    on: string,
    fromSecond: number,
    toSecond = fromSecond,
    attributes: Attributes = {},
    message = `${entityTitle(place(on))} shows ${category}`,
  ): void => {
    for (let second = fromSecond; second <= toSecond; second += 2) {
      findings.push({
        kind: 'event',
        at: moment(second),
        event: eventOf({ category, entity: place(on), first: fromSecond, last: second, attributes, message }),
      });
    }
  };
  const health = (source: string, state: SourceState, second = 0): void => {
    findings.push({
      kind: 'health',
      at: moment(second),
      source: {
        source,
        cluster: 'test',
        node: null,
        state,
        reason: state === 'healthy' ? null : 'it sees less',
        lost: 0,
        lastSeen: moment(second),
      },
    });
  };
  const service = (name: string, ports = '8080:8080'): void => {
    thing(`Service/${name}`, { selector: { app: name }, facts: { ports, clusterIP: `10.0.0.${name.length}` } });
    thing(`Deployment/${name}`, { selector: { app: name }, relations: [['OWNS', `Pod/${name}-1`]] });
    thing(`Pod/${name}-1`, { labels: { app: name } });
  };
  return {
    findings,
    thing,
    happens,
    health,
    service,
    run: (seconds: number, options: Partial<CorrelatorOptions> = {}): CorrelationResult[] =>
      latest(play(findings, seconds, options)),
    revisions: (seconds: number): CorrelationResult[] => play(findings, seconds),
  };
}
