import { apiError } from '../src/api/errors.js';
import type { GraphValue } from '../src/graph/store.js';
import type { CorrelationResult } from '../src/model/correlation-result.js';
import type { EntityFilter } from './entity.js';
import { allIncidentStatuses, allSeverities } from './enums.js';
import type { EventFilter } from './event.js';
import type { IncidentFilter, RootCauseFilter } from './incident.js';

/** Timestamps sort as text between these two. */
const beforeAllTime = '';
const afterAllTime = '~';

const maxTextLength = 256;

type Parameters = Readonly<Record<string, GraphValue>> & { readonly since: string; readonly until: string };

/** Parameters that incidents-newest, -ascending, -descending, -count and stats share. */
export function incidentParameters(filter: IncidentFilter | null | undefined): Parameters {
  return {
    ...range(filter),
    statuses: filter?.status ?? allIncidentStatuses,
    severities: filter?.severity ?? allSeverities,
    cluster: filter?.cluster ?? null,
    namespace: filter?.namespace ?? null,
    category: filter?.category ?? null,
    entity: filter?.entity ?? null,
    text: searchText(filter?.text),
  };
}

/** Parameters that root-causes-newest and root-causes-count share. */
export function rootCauseParameters(filter: RootCauseFilter | null | undefined): Parameters {
  return {
    ...range(filter),
    severities: filter?.severity ?? allSeverities,
    cluster: filter?.cluster ?? null,
    namespace: filter?.namespace ?? null,
    category: filter?.category ?? null,
    entity: filter?.entity ?? null,
    text: searchText(filter?.text),
    minConfidence: filter?.minConfidence ?? 0,
    maxRank: filter?.alternatives ? Number.MAX_SAFE_INTEGER : 1,
  };
}

/** Parameters that events-newest and events-count share. */
export function eventParameters(filter: EventFilter | null | undefined): Parameters {
  return {
    ...range(filter),
    severities: filter?.severity ?? allSeverities,
    cluster: filter?.cluster ?? null,
    namespace: filter?.namespace ?? null,
    category: filter?.category ?? null,
    type: filter?.type ?? null,
    entity: filter?.entity ?? null,
    traceId: filter?.traceId ?? null,
    text: searchText(filter?.text),
  };
}

/** Parameters that entities and entities-count share. */
export function entityParameters(filter: EntityFilter | null | undefined): Readonly<Record<string, GraphValue>> {
  return {
    cluster: filter?.cluster ?? null,
    namespace: filter?.namespace ?? null,
    kind: filter?.kind ?? null,
    deleted: filter?.deleted ?? null,
    text: searchText(filter?.text),
  };
}

/** The same conditions as in the statements, on a result that has just been published. */
export function incidentMatcher(filter: IncidentFilter | null | undefined): (result: CorrelationResult) => boolean {
  if (!filter) return () => true;
  const text = searchText(filter.text);
  const { since, until } = range(filter);
  return (result) =>
    result.openedAt >= since &&
    result.openedAt < until &&
    (!filter.status || filter.status.includes(result.status)) &&
    (!filter.severity || filter.severity.includes(result.severity)) &&
    same(filter.cluster, result.cluster) &&
    (!filter.namespace || result.namespaces.includes(filter.namespace)) &&
    same(filter.category, result.category) &&
    (!filter.entity ||
      result.rootCauseEntity.id === filter.entity ||
      result.entities.some(({ entity }) => entity.id === filter.entity)) &&
    (text === null ||
      [result.title, result.summary, result.rootCause].some((part) => part.toLowerCase().includes(text)));
}

function range(filter: { since?: string | null; until?: string | null } | null | undefined) {
  return { since: filter?.since ?? beforeAllTime, until: filter?.until ?? afterAllTime };
}

function same(wanted: string | null | undefined, actual: string): boolean {
  return wanted === null || wanted === undefined || wanted === actual;
}

function searchText(text: string | null | undefined): string | null {
  if (text === null || text === undefined || text === '') return null;
  if (text.length > maxTextLength)
    throw apiError('BAD_USER_INPUT', `\`text\` can have at most ${maxTextLength} characters.`);
  return text.toLowerCase();
}
