import { Arg, Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import type { ApiContext } from './context.js';
import { Entity, entityFromId } from './entity.js';
import type { EntityRow } from './entity.js';
import { incidentParameters } from './filters.js';
import { IncidentFilter } from './incident.js';
import { SourceHealth } from './source-health.js';
import { EntityCount, Stats } from './stats.js';
import type { EntityCountRow } from './stats.js';
import { maxStatsIncidents, summarise, type StatsRow } from './summarise.js';

@Resolver(() => EntityCount)
export class StatusResolver {
  @Query(() => [SourceHealth], { description: 'Every source of events and how well it sees.' })
  sourceHealth(@Ctx() { graph }: ApiContext): Promise<SourceHealth[]> {
    return graph.read<SourceHealth & Record<string, unknown>>('read/sources', {});
  }

  @Query(() => Stats, { description: 'Figures over the incidents that a filter matches; over all without one.' })
  async stats(
    @Arg('filter', () => IncidentFilter, { nullable: true }) filter: IncidentFilter | null,
    @Ctx() { graph }: ApiContext,
  ): Promise<Stats> {
    const parameters = { ...incidentParameters(filter), limit: maxStatsIncidents + 1 };
    return summarise(await graph.read<StatsRow & Record<string, unknown>>('read/stats', parameters));
  }

  @FieldResolver(() => Entity, { description: 'The entity.' })
  async entity(@Root() row: EntityCountRow, @Ctx() { loaders }: ApiContext): Promise<EntityRow> {
    return (await loaders.entities.load(row.entityId)) ?? entityFromId(row.entityId);
  }
}
