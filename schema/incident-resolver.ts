import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Ctx, FieldResolver, ID, Info, Int, Query, Resolver, Root } from 'type-graphql';
import type { ApiContext } from './context.js';
import { CausalGraph } from './causal-graph.js';
import { incidentGraph } from './causal-walk.js';
import { Entity, entityFromId } from './entity.js';
import type { EntityRow } from './entity.js';
import { EventConnection } from './event.js';
import { incidentEventList } from './event-list.js';
import {
  Affected,
  Annotation,
  Evidence,
  Incident,
  IncidentConnection,
  IncidentFilter,
  IncidentOrder,
  RootCause,
  TimelineEntry,
} from './incident.js';
import type { IncidentRow, RootCauseRow } from './incident.js';
import { incidentList } from './incident-list.js';
import { listFromJson } from './json-text.js';
import { asksFor } from './look-ahead.js';
import { SourceHealth } from './source-health.js';

@Resolver(() => Incident)
export class IncidentResolver {
  @Query(() => Incident, {
    nullable: true,
    description: 'One incident, merged ones too; null when there is none with this id.',
  })
  incident(
    @Arg('id', () => ID) id: string,
    @Ctx() { loaders }: ApiContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<IncidentRow | null> {
    // Under way beside the incident, not after it; whoever asks for them waits for them and sees how they fail.
    if (asksFor(info, [], ['rootCauses'])) loaders.rootCauses.load(id).catch(() => undefined);
    if (asksFor(info, [], ['affected', 'rootCauseEntity'])) loaders.affected.load(id).catch(() => undefined);
    return loaders.incidents.load(id);
  }

  @Query(() => IncidentConnection, {
    description: 'Incidents, the last opened first unless ordered otherwise; merged ones are left out.',
  })
  incidents(
    @Arg('first', () => Int, { nullable: true, description: 'How many, 20 by default, at most 500.' })
    first: number | null,
    @Arg('after', () => String, { nullable: true, description: 'Cursor that the page follows.' }) after: string | null,
    @Arg('filter', () => IncidentFilter, { nullable: true }) filter: IncidentFilter | null,
    @Arg('orderBy', () => IncidentOrder, { nullable: true }) order: IncidentOrder | null,
    @Ctx() context: ApiContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<object> {
    const told = asksFor(info, ['edges', 'node'], ['rootCauses', 'affected', 'rootCauseEntity']);
    return incidentList(context, { first, after, filter, order, told });
  }

  @FieldResolver(() => Entity, {
    nullable: true,
    description: 'The entity that broke first; null when the cause is unknown.',
  })
  async rootCauseEntity(@Root() incident: IncidentRow, @Ctx() { loaders }: ApiContext): Promise<EntityRow | null> {
    const id = incident.rootCauseEntityId;
    return id ? ((await loaders.entities.load(id)) ?? entityFromId(id)) : null;
  }

  @FieldResolver(() => [RootCause], { description: 'Rank 1 first; the rest are the alternatives, with why each lost.' })
  rootCauses(@Root() incident: IncidentRow, @Ctx() { loaders }: ApiContext): Promise<readonly RootCauseRow[]> {
    return loaders.rootCauses.load(incident.id);
  }

  @FieldResolver(() => [Affected], { description: 'What it touches, the root cause first.' })
  affected(@Root() incident: IncidentRow, @Ctx() { loaders }: ApiContext): Promise<readonly Affected[]> {
    return loaders.affected.load(incident.id);
  }

  @FieldResolver(() => EventConnection, { description: 'Its events by time.' })
  events(
    @Root() incident: IncidentRow,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 20 by default, at most 500.' })
    first: number | null,
    @Arg('after', () => String, { nullable: true, description: 'Cursor that the page follows.' }) after: string | null,
    @Ctx() context: ApiContext,
  ): Promise<object> {
    return incidentEventList(context, incident.id, { first, after });
  }

  @FieldResolver(() => CausalGraph, { description: 'Its events and what led to what.' })
  causalGraph(@Root() incident: IncidentRow, @Ctx() context: ApiContext): Promise<CausalGraph> {
    return incidentGraph(context, incident.id);
  }

  @FieldResolver(() => Incident, {
    nullable: true,
    description: 'The incident that it turned out to be a part of; null for most.',
  })
  mergedIncident(@Root() incident: IncidentRow, @Ctx() { loaders }: ApiContext): Promise<IncidentRow | null> | null {
    return incident.mergedInto ? loaders.incidents.load(incident.mergedInto) : null;
  }

  @FieldResolver(() => [Evidence], { description: 'What does not fit the story.' })
  async contradictions(@Root() incident: IncidentRow, @Ctx() { loaders }: ApiContext): Promise<readonly Evidence[]> {
    return listFromJson((await loaders.incidentDetails.load(incident.id))?.contradictionsJson);
  }

  @FieldResolver(() => [SourceHealth], { description: 'Sources that saw less than they could while it went on.' })
  async sourceHealth(@Root() incident: IncidentRow, @Ctx() { loaders }: ApiContext): Promise<readonly SourceHealth[]> {
    return listFromJson((await loaders.incidentDetails.load(incident.id))?.sourceHealthJson);
  }

  @FieldResolver(() => [TimelineEntry], { description: 'Its life so far, by time.' })
  async timeline(@Root() incident: IncidentRow, @Ctx() { loaders }: ApiContext): Promise<readonly TimelineEntry[]> {
    return listFromJson((await loaders.incidentDetails.load(incident.id))?.timelineJson);
  }

  @FieldResolver(() => [Annotation], { description: 'What people have noted on it.' })
  async annotations(@Root() incident: IncidentRow, @Ctx() { loaders }: ApiContext): Promise<readonly Annotation[]> {
    return listFromJson((await loaders.incidentDetails.load(incident.id))?.annotationsJson);
  }
}
