import type { Category } from '../../src/model/categories.js';
import { entityTitle, type RelationType } from '../../src/model/entity.js';
import type { EntityFinding } from '../../src/model/finding.js';
import { contentId } from '../../src/model/ids.js';
import { fromEpochMs } from '../../src/model/time.js';
import type { UnifiedEvent } from '../../src/model/unified-event.js';
import { place, startMs } from './world.js';

/** Single findings, for what looks at one at a time. Seconds count from the start of the small world. */
export const moment = (second: number): string => fromEpochMs(startMs + second * 1000);

export interface Statement {
  readonly at?: number;
  readonly deleted?: boolean;
  readonly uid?: string;
  readonly facts?: EntityFinding['facts'];
  readonly labels?: Readonly<Record<string, string>>;
  readonly selector?: Readonly<Record<string, string>>;
  /** `[type, to]`, or `[type, to, from]` where it does not begin at the thing itself. */
  readonly relations?: readonly (readonly [RelationType, string, string?])[];
  readonly problems?: readonly UnifiedEvent[];
}

export function stated(on: string, more: Statement = {}): EntityFinding {
  const entity = { ...place(on), uid: more.uid ?? null };
  return {
    kind: 'entity',
    at: moment(more.at ?? 0),
    entity,
    deleted: more.deleted ?? false,
    createdAt: moment(0),
    labels: more.labels ?? {},
    facts: more.facts ?? {},
    selector: more.selector ?? null,
    relations: (more.relations ?? []).map(([type, to, from]) => ({
      type,
      from: from === undefined ? entity.id : place(from).id,
      to: place(to).id,
    })),
    problems: more.problems ?? [],
  };
}

export interface Happening {
  readonly first: number;
  /** Default: first. */
  readonly last?: number;
  readonly count?: number;
  readonly attributes?: UnifiedEvent['semantic']['attributes'];
  readonly type?: UnifiedEvent['type'];
}

/** Told again with the same `first` it is the same event. */
export function event(category: Category, on: string, more: Happening): UnifiedEvent {
  const entity = place(on);
  const { first, last = first, count = 1, attributes = {}, type = 'log' } = more;
  return {
    id: contentId(category, entity.id, moment(first)),
    timestamp: moment(first),
    type,
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
    semantic: {
      category,
      message: `${entityTitle(entity)} shows ${category}`,
      template: null,
      fingerprint: contentId(entity.id, category),
      attributes,
    },
    impact: { severity: 'ERROR', scope: 'workload' },
    count,
    firstSeen: moment(first),
    lastSeen: moment(last),
  };
}
