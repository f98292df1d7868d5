import { Arg, Ctx, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql';
import type { ApiContext } from './context.js';
import { Attribute, Entity, EntityConnection, EntityFilter } from './entity.js';
import type { EntityRow } from './entity.js';
import { entityParameters } from './filters.js';
import { attributesFromJson } from './json-text.js';
import { decodeCursor, encodeCursor, pageOf, pageSize } from './page.js';

@Resolver(() => Entity)
export class EntityResolver {
  @Query(() => Entity, { nullable: true, description: 'One entity; null when there is none with this id.' })
  entity(@Arg('id', () => ID) id: string, @Ctx() { loaders }: ApiContext): Promise<EntityRow | null> {
    return loaders.entities.load(id);
  }

  @Query(() => EntityConnection, { description: 'Entities by id.' })
  async entities(
    @Arg('first', () => Int, { nullable: true, description: 'How many, 20 by default, at most 500.' })
    first: number | null,
    @Arg('after', () => String, { nullable: true, description: 'Cursor that the page follows.' }) after: string | null,
    @Arg('filter', () => EntityFilter, { nullable: true }) filter: EntityFilter | null,
    @Ctx() { graph }: ApiContext,
  ): Promise<object> {
    const size = pageSize(first);
    const parameters = entityParameters(filter);
    const [afterId] = decodeCursor('entities', [''] as const, after) ?? [''];
    const rows = await graph.read<{ entity: EntityRow }>('read/entities', { ...parameters, afterId, limit: size + 1 });
    return pageOf(
      rows.map((row) => row.entity),
      size,
      after,
      ({ id }) => encodeCursor('entities', id),
      async () => (await graph.read<{ total: number }>('read/entities-count', parameters))[0]?.total ?? 0,
    );
  }

  @FieldResolver(() => [Attribute], { description: 'Kubernetes labels, by name.' })
  labels(@Root() entity: EntityRow): readonly Attribute[] {
    return attributesFromJson(entity.labelsJson);
  }

  @FieldResolver(() => [Attribute], { description: 'What is known of its state, by name: replicas, phase, image …' })
  facts(@Root() entity: EntityRow): readonly Attribute[] {
    return attributesFromJson(entity.factsJson);
  }
}
