import { Arg, Ctx, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql';
import type { ApiContext } from './context.js';
import { Attribute, Entity, entityFromId } from './entity.js';
import type { EntityRow } from './entity.js';
import { Event, EventConnection, EventFilter } from './event.js';
import type { EventRow } from './event.js';
import { eventList } from './event-list.js';
import { Incident } from './incident.js';
import type { IncidentRow } from './incident.js';
import { attributesFromJson } from './json-text.js';

@Resolver(() => Event)
export class EventResolver {
  @Query(() => Event, { nullable: true, description: 'One event; null when there is none with this id.' })
  event(@Arg('id', () => ID) id: string, @Ctx() { loaders }: ApiContext): Promise<EventRow | null> {
    return loaders.events.load(id);
  }

  @Query(() => EventConnection, { description: 'Events, the last first.' })
  events(
    @Arg('first', () => Int, { nullable: true, description: 'How many, 20 by default, at most 500.' })
    first: number | null,
    @Arg('after', () => String, { nullable: true, description: 'Cursor that the page follows.' }) after: string | null,
    @Arg('filter', () => EventFilter, { nullable: true }) filter: EventFilter | null,
    @Ctx() context: ApiContext,
  ): Promise<object> {
    return eventList(context, { first, after, filter });
  }

  @FieldResolver(() => Entity, { description: 'What it happened to.' })
  async entity(@Root() event: EventRow, @Ctx() { loaders }: ApiContext): Promise<EntityRow> {
    return (await loaders.entities.load(event.entityId)) ?? entityFromId(event.entityId);
  }

  @FieldResolver(() => [Attribute], { description: 'Named facts of the event, by name.' })
  attributes(@Root() event: EventRow): readonly Attribute[] {
    return attributesFromJson(event.attributesJson);
  }

  @FieldResolver(() => [Incident], { description: 'Incidents it is part of, the last opened first.' })
  async incidents(@Root() event: EventRow, @Ctx() { loaders }: ApiContext): Promise<readonly IncidentRow[]> {
    const incidents = await loaders.incidents.loadMany(await loaders.eventIncidentIds.load(event.id));
    return incidents.flatMap((incident) => {
      if (incident instanceof Error) throw incident;
      return incident ? [incident] : [];
    });
  }
}
