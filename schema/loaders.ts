import DataLoader from 'dataloader';
import type { GraphStore, GraphValue } from '../src/graph/store.js';
import type { CausalEdge, CausalEdgeRow } from './causal-graph.js';
import type { EntityRow } from './entity.js';
import type { EventRow } from './event.js';
import type { Affected, IncidentRow, RootCauseRow } from './incident.js';

/** One page of the events of one incident; `after` and `afterId` are the position it follows, '' for the start. */
export interface IncidentEventsKey {
  readonly incidentId: string;
  readonly after: string;
  readonly afterId: string;
  readonly limit: number;
}

/** Texts of an incident that lists do not carry; each a JSON list, absent while it is empty. */
export interface IncidentDetailsRow {
  readonly id: string;
  readonly contradictionsJson?: string | null;
  readonly sourceHealthJson?: string | null;
  readonly timelineJson?: string | null;
  readonly annotationsJson?: string | null;
}

export type Loaders = ReturnType<typeof createLoaders>;

/**
 * Every edge of the schema as a batch: however many incidents, events or entities an operation touches, each edge costs one
 * statement for each level it is asked on. To be made anew for every operation: what is loaded once stays as it was.
 */
export function createLoaders(graph: Pick<GraphStore, 'read'>) {
  const one = <Row extends object>(
    statement: string,
    rowOf: (row: Record<string, unknown>) => Row,
    idOf: (row: Row) => string,
  ) =>
    new DataLoader<string, Row | null>(async (ids) => {
      const rows = (await graph.read(statement, { ids })).map(rowOf);
      const byId = new Map(rows.map((row) => [idOf(row), row]));
      return ids.map((id) => byId.get(id) ?? null);
    });

  const many = <Row extends object, Result = Row>(
    statement: string,
    keyOf: (row: Row) => string,
    resultOf: (row: Row) => Result,
  ) =>
    new DataLoader<string, readonly Result[]>(async (ids) => {
      const byKey = new Map<string, Result[]>(ids.map((id) => [id, []]));
      for (const row of (await graph.read(statement, { ids })) as Row[]) byKey.get(keyOf(row))?.push(resultOf(row));
      return ids.map((id) => byKey.get(id) ?? []);
    });

  const entities = one(
    'read/entities-by-id',
    (row) => row['entity'] as EntityRow,
    (entity) => entity.id,
  );

  const rootCauses = many<LoadedRootCause, RootCauseRow>(
    'read/incident-root-causes',
    (row) => row.incidentId,
    (row) => {
      if (row.eventEntity) entities.prime(row.eventEntity.id, row.eventEntity);
      return row;
    },
  );

  const affected = many<Affected & { readonly incidentId: string }, Affected>(
    'read/incident-affected',
    (row) => row.incidentId,
    (row) => {
      entities.prime(row.entity.id, row.entity);
      return row;
    },
  );

  return {
    /** A page of the newest incidents; their causes and what they touch need no statement any more. */
    async newestTold(parameters: Readonly<Record<string, GraphValue>>): Promise<IncidentRow[]> {
      const rows = await graph.read<ToldRow>('read/incidents-newest-told', parameters);
      for (const row of rows) {
        for (const { eventEntity } of row.causes) if (eventEntity) entities.prime(eventEntity.id, eventEntity);
        for (const { entity } of row.affected) entities.prime(entity.id, entity);
        rootCauses.prime(row.incident.id, row.causes);
        affected.prime(row.incident.id, row.affected);
      }
      return rows.map(({ incident }) => incident);
    },
    incidents: one(
      'read/incidents-by-id',
      (row) => row['incident'] as IncidentRow,
      (incident) => incident.id,
    ),
    incidentDetails: one(
      'read/incident-details',
      (row) => row as unknown as IncidentDetailsRow,
      (details) => details.id,
    ),
    events: one(
      'read/events-by-id',
      (row) => row['event'] as EventRow,
      (event) => event.id,
    ),
    entities,
    rootCauses,
    affected,
    incidentEdges: many<EdgeRow & { readonly incidentId: string }, CausalEdgeRow>(
      'read/incident-edges',
      (row) => row.incidentId,
      causalEdge,
    ),
    eventIncidentIds: many<{ readonly eventId: string; readonly incidentId: string }, string>(
      'read/event-incidents',
      (row) => row.eventId,
      (row) => row.incidentId,
    ),
    incidentEvents: new DataLoader<IncidentEventsKey, readonly EventRow[], string>(
      (keys) => incidentEvents(graph, keys),
      {
        cacheKeyFn: (key) => JSON.stringify([key.incidentId, key.after, key.afterId, key.limit]),
      },
    ),
    incidentEventCounts: new DataLoader<string, number>(async (ids) => {
      const rows = await graph.read<{ id: string; total: number }>('read/incident-event-counts', { ids });
      const totals = new Map(rows.map((row) => [row.id, row.total]));
      return ids.map((id) => totals.get(id) ?? 0);
    }),
  };
}

type LoadedRootCause = RootCauseRow & { readonly eventEntity: EntityRow | null };

interface ToldRow extends Record<string, unknown> {
  readonly incident: IncidentRow;
  readonly causes: readonly LoadedRootCause[];
  readonly affected: readonly Affected[];
}

/** An edge as the graph gives it: its ends, and its properties as a map. */
export interface EdgeRow {
  readonly from: string;
  readonly to: string;
  readonly edge: CausalEdge;
}

export function causalEdge({ from, to, edge }: EdgeRow): CausalEdgeRow {
  return { ...edge, from, to };
}

/** One statement for each page position among the keys: one, unless an operation asks for several different pages. */
async function incidentEvents(
  graph: Pick<GraphStore, 'read'>,
  keys: readonly IncidentEventsKey[],
): Promise<readonly (readonly EventRow[])[]> {
  const pages = new Map<string, IncidentEventsKey[]>();
  for (const key of keys) {
    const page = JSON.stringify([key.after, key.afterId, key.limit]);
    pages.set(page, [...(pages.get(page) ?? []), key]);
  }
  const found = new Map<IncidentEventsKey, readonly EventRow[]>();
  await Promise.all(
    [...pages.values()].map(async (group) => {
      const { after, afterId, limit } = group[0]!;
      const rows = await graph.read<{ incidentId: string; events: EventRow[] }>('read/incident-events', {
        ids: group.map((key) => key.incidentId),
        after,
        afterId,
        limit,
      });
      const byIncident = new Map(rows.map((row) => [row.incidentId, row.events]));
      for (const key of group) found.set(key, byIncident.get(key.incidentId) ?? []);
    }),
  );
  return keys.map((key) => found.get(key) ?? []);
}
