import type { ApiContext } from './context.js';
import type { EventFilter, EventRow } from './event.js';
import { eventParameters } from './filters.js';
import { decodeCursor, encodeCursor, pageOf, pageSize, type Page } from './page.js';

export interface EventListRequest {
  readonly first: number | null | undefined;
  readonly after: string | null | undefined;
  readonly filter: EventFilter | null | undefined;
}

/** A page of events, the last first. */
export async function eventList({ graph }: ApiContext, request: EventListRequest): Promise<Page<EventRow>> {
  const size = pageSize(request.first);
  const parameters = eventParameters(request.filter);
  const [before, beforeId] = decodeCursor('events', ['', ''] as const, request.after) ?? [parameters.until, ''];
  const rows = await graph.read<{ event: EventRow }>('read/events-newest', {
    ...parameters,
    before,
    beforeId,
    limit: size + 1,
  });
  return pageOf(
    rows.map((row) => row.event),
    size,
    request.after,
    ({ timestamp, id }) => encodeCursor('events', timestamp, id),
    async () => (await graph.read<{ total: number }>('read/events-count', parameters))[0]?.total ?? 0,
  );
}

/** A page of the events of one incident, the first first; pages of many incidents are read together. */
export async function incidentEventList(
  { loaders }: ApiContext,
  incidentId: string,
  request: Omit<EventListRequest, 'filter'>,
): Promise<Page<EventRow>> {
  const size = pageSize(request.first);
  const [after, afterId] = decodeCursor('incident events', ['', ''] as const, request.after) ?? ['', ''];
  const rows = await loaders.incidentEvents.load({ incidentId, after, afterId, limit: size + 1 });
  return pageOf(
    rows,
    size,
    request.after,
    ({ timestamp, id }) => encodeCursor('incident events', timestamp, id),
    () => loaders.incidentEventCounts.load(incidentId),
  );
}
