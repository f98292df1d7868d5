import { Arg, Ctx, FieldResolver, Int, Query, Resolver, Root } from 'type-graphql';
import type { ApiContext } from './context.js';
import { Entity, entityFromId } from './entity.js';
import type { EntityRow } from './entity.js';
import { rootCauseParameters } from './filters.js';
import { Evidence, Incident, RootCause, RootCauseConnection, RootCauseFilter } from './incident.js';
import type { IncidentRow, RootCauseRow } from './incident.js';
import { listFromJson } from './json-text.js';
import { decodeCursor, encodeCursor, pageOf, pageSize } from './page.js';

type ListedRootCause = RootCauseRow & { readonly openedAt: string };

@Resolver(() => RootCause)
export class RootCauseResolver {
  @Query(() => RootCauseConnection, {
    description: 'What incidents came from, that of the last opened incident first.',
  })
  async rootCauses(
    @Arg('first', () => Int, { nullable: true, description: 'How many, 20 by default, at most 500.' })
    first: number | null,
    @Arg('after', () => String, { nullable: true, description: 'Cursor that the page follows.' }) after: string | null,
    @Arg('filter', () => RootCauseFilter, { nullable: true }) filter: RootCauseFilter | null,
    @Ctx() { graph }: ApiContext,
  ): Promise<object> {
    const size = pageSize(first);
    const parameters = rootCauseParameters(filter);
    const [before, beforeId, rank] = decodeCursor('root causes', ['', '', 0] as const, after) ?? [
      parameters.until,
      '',
      0,
    ];
    const page = { ...parameters, before, beforeId, rank, limit: size + 1 };
    const rows = await graph.read<ListedRootCause & Record<string, unknown>>('read/root-causes-newest', page);
    return pageOf(
      rows,
      size,
      after,
      (row) => encodeCursor('root causes', row.openedAt, row.incidentId, row.rank),
      async () => (await graph.read<{ total: number }>('read/root-causes-count', parameters))[0]?.total ?? 0,
    );
  }

  @FieldResolver(() => Entity, { description: 'The entity that is blamed.' })
  async entity(@Root() cause: RootCauseRow, @Ctx() { loaders }: ApiContext): Promise<EntityRow> {
    const id = cause.entityId ?? cause.event.entityId;
    return (await loaders.entities.load(id)) ?? entityFromId(id);
  }

  @FieldResolver(() => [Evidence], { description: 'What speaks for it and against it.' })
  evidence(@Root() cause: RootCauseRow): readonly Evidence[] {
    return listFromJson(cause.evidenceJson);
  }

  @FieldResolver(() => Incident, { nullable: true, description: 'The incident it is a cause of.' })
  incident(@Root() cause: RootCauseRow, @Ctx() { loaders }: ApiContext): Promise<IncidentRow | null> {
    return loaders.incidents.load(cause.incidentId);
  }
}
