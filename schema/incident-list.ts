import type { ApiContext } from './context.js';
import { incidentParameters } from './filters.js';
import type { IncidentFilter, IncidentOrder, IncidentRow } from './incident.js';
import { decodeCursor, encodeCursor, pageOf, pageSize, type Page } from './page.js';

export interface IncidentListRequest {
  readonly first: number | null | undefined;
  readonly after: string | null | undefined;
  readonly filter: IncidentFilter | null | undefined;
  readonly order?: IncidentOrder | null | undefined;
  /** Whether causes or what is affected will be asked for: then the newest come with them. */
  readonly told?: boolean;
}

/** A page of incidents in the order wanted, the last opened first by default. Merged incidents are not listed. */
export async function incidentList(
  { graph, loaders }: ApiContext,
  request: IncidentListRequest,
): Promise<Page<IncidentRow>> {
  const size = pageSize(request.first);
  const parameters = incidentParameters(request.filter);
  const count = async () => (await graph.read<{ total: number }>('read/incidents-count', parameters))[0]?.total ?? 0;
  const field = request.order?.field ?? 'OPENED_AT';
  const direction = request.order?.direction ?? 'DESC';
  const list = `incidents ${field} ${direction}`;
  const position = decodeCursor(list, ['', ''] as const, request.after);
  const page = { ...parameters, limit: size + 1 };

  if (field === 'OPENED_AT' && direction === 'DESC') {
    const [before, beforeId] = position ?? [parameters.until, ''];
    const newest = { ...page, before, beforeId };
    const incidents = request.told
      ? await loaders.newestTold(newest)
      : (await graph.read<{ incident: IncidentRow }>('read/incidents-newest', newest)).map((row) => row.incident);
    return pageOf(incidents, size, request.after, ({ openedAt, id }) => encodeCursor(list, openedAt, id), count);
  }
  const statement = direction === 'DESC' ? 'read/incidents-descending' : 'read/incidents-ascending';
  const [key, keyId] = position ?? [null, ''];
  const rows = await graph.read<{ incident: IncidentRow; key: string }>(statement, {
    ...page,
    orderBy: field,
    key,
    keyId,
  });
  const keys = new Map(rows.map((row) => [row.incident, row.key]));
  const incidents = [...keys.keys()];
  return pageOf(incidents, size, request.after, (row) => encodeCursor(list, keys.get(row) ?? '', row.id), count);
}
